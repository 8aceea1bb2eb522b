"""The centre frequency of every window of a folder of radio."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from audio_assets.radio.captures import frequency_at, known_layout
from audio_assets.radio.statement import RadioSettings


def window_centers(root: Path, windows: pa.Table, stated: RadioSettings | None) -> list[float]:
    """Centre frequency in the middle of each window in Hz; 0 where nobody says it.

    Args:
        root: the folder.
        windows: table of the WINDOWS schema.
        stated: what the folder says of IQ.
    """
    columns = (windows[n].to_pylist() for n in ("path", "start_frame", "frames"))
    return [
        frequency_at(known_layout(root / path, stated), first + frames // 2, stated) or 0.0
        for path, first, frames in zip(*columns, strict=True)
    ]
