"""Recordings shorter than one window: embedded all the same, padded with zeros, and said so."""

from __future__ import annotations

import pyarrow as pa

from audio_assets.recordings.windows import WindowGrid

SHORT = "shorter than one window"


def flag_short(recordings: pa.Table, grid: WindowGrid) -> pa.Table:
    """Put a warning on every usable recording that one window of the grid does not fit into.

    Under the policy `clip` a window is as long as its recording, so none is short.

    Args:
        recordings: table of the RECORDINGS schema; flags of another grid are taken back.
        grid: the folder's grid.

    Returns:
        The table with its column `warning` renewed.
    """
    columns = (recordings[n].to_pylist() for n in ("warning", "status", "frames", "sample_rate"))
    warnings: list[str | None] = []
    for warning, status, frames, rate in zip(*columns, strict=True):
        parts = [part for part in (warning or "").split("; ") if part and SHORT not in part]
        samples = grid.window_samples
        if status == "failed" or grid.policy != "sliding":
            pass
        elif samples is not None:
            if frames < samples:
                parts.append(f"{SHORT}: {frames} of {samples} samples, the rest is padding")
        elif frames < round(rate * grid.window_s):
            seconds = frames / rate
            parts.append(f"{SHORT}: {seconds:.3f} of {grid.window_s:g} s, the rest is padding")
        warnings.append("; ".join(parts) or None)
    if warnings == recordings["warning"].to_pylist():
        return recordings  # pa.array imports pandas, which a short run need not wait for
    at = recordings.column_names.index("warning")
    return recordings.set_column(at, recordings.field(at), pa.array(warnings, pa.string()))
