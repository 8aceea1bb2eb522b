"""The occupancy of a folder as a picture: band by band, over the time of its windows."""

from __future__ import annotations

import io
from collections import defaultdict
from typing import Any

import numpy as np

from audio_assets.errors import NotMaterializedError
from audio_assets.home import Home
from audio_assets.radio.layout import NO_RATE
from audio_assets.radio.occupancy import BANDS
from audio_assets.radio.window_facts import read_window_facts
from audio_assets.storage import read_parquet

MOST_BANDS = 8


def folder_occupancy(home: Home, folder: str) -> bytes:
    """Draw the occupancy of a folder of radio.

    One row per band (centre frequency and rate), those with most windows first: on the left which
    share of the time something in each 64th of the band is above the noise floor, on the right the
    same over the windows in the order of their recordings.

    Args:
        home: holds the folder's outputs.
        folder: its key.

    Returns:
        PNG bytes.

    Raises:
        NotMaterializedError: the folder has not been run, or is none of radio.
    """
    facts = read_window_facts(home.asset("spectrograms", folder=folder))
    if facts is None or not facts.num_rows:
        raise NotMaterializedError(
            f"Nothing is known of the occupancy of {folder!r}. Run a folder of radio recordings: "
            "audio-assets run FOLDER"
        )
    recordings = read_parquet(home.asset("raw_audio", folder=folder))
    ids, rates = (recordings[n].to_pylist() for n in ("recording_id", "sample_rate"))
    rate_of = {identity[:16]: rate for identity, rate in zip(ids, rates, strict=True) if identity}
    bands: dict[tuple[float | None, int], list[Any]] = defaultdict(list)
    for row in facts.to_pylist():
        if row["band_occupancy"] is not None:
            rate = rate_of[row["window_id"].partition("@")[0]]
            # without a rate frequencies are cycles per sample, and a centre in Hz does not fit
            center = None if rate == NO_RATE else row["center_frequency"]
            bands[center, rate].append(row["band_occupancy"])
    chosen = sorted(bands.items(), key=lambda item: -len(item[1]))
    return _draw(folder, [(band, np.array(rows)) for band, rows in chosen])


def _draw(folder: str, bands: list[tuple[tuple[float | None, int], np.ndarray]]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = bands[:MOST_BANDS]
    figure = Figure(figsize=(9, 0.6 + 1.9 * max(1, len(shown))), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(max(1, len(shown)), 2, squeeze=False, width_ratios=(1, 1.6))
    for (left, right), ((center, rate), shares) in zip(axes, shown, strict=False):
        scale, unit = _unit(rate, center)
        middle = center or 0.0
        edges = (middle + rate * (np.arange(BANDS + 1) / BANDS - 0.5)) / scale
        left.stairs(shares.mean(axis=0) * 100, edges, fill=True, color="#b5367a")
        left.set(xlim=(edges[0], edges[-1]), ylim=(0, 100), ylabel="time taken (%)")
        left.ticklabel_format(useOffset=False)
        picture = right.imshow(
            shares.T * 100, origin="lower", aspect="auto", cmap="magma", vmin=0, vmax=100,
            extent=(0, len(shares), edges[0], edges[-1]), interpolation="nearest",
        )  # fmt: skip
        right.ticklabel_format(useOffset=False, axis="y")
        name = f"{center / 1e6:.6g} MHz" if center is not None else "centre unknown"
        left.set_title(f"{name}, {rate / scale:.6g} {unit} wide", fontsize=9)
        left.set_xlabel(unit if center is not None else f"{unit} from the centre", fontsize=8)
        right.set_xlabel("window", fontsize=8)
        figure.colorbar(picture, ax=right, label="%")
    more = f", {len(bands) - len(shown)} more not shown" if len(bands) > len(shown) else ""
    figure.suptitle(f"Occupancy of {folder}: {len(bands)} bands{more}", fontsize=10)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _unit(rate: float, center: float | None) -> tuple[float, str]:
    if rate == NO_RATE:
        return 1.0, "cycles per sample"
    return (1e6, "MHz") if max(rate, center or 0) >= 1e6 else (1e3, "kHz")
