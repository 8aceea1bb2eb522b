"""Which axes the waterfalls of a folder's windows have, and the painter that draws them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.radio.captures import frequency_at, known_layout
from audio_assets.radio.marked import radio_of
from audio_assets.transforms.iq_spectrogram import IqSpectrogram
from audio_assets.transforms.waterfall_png import WaterfallAxes, write_waterfall_png

Painter = Callable[[str, np.ndarray, Path], None]


def painter_of(
    root: Path, windows: pa.Table, recordings: pa.Table, transform: Any
) -> Painter | None:
    """How previews are drawn: with axes for waterfalls, None for everything else.

    Args:
        root: the folder.
        windows: table of the WINDOWS schema.
        recordings: of the RECORDINGS schema, marked as radio.
        transform: of the previews.
    """
    if not isinstance(transform, IqSpectrogram):
        return None
    axes = waterfall_axes(root, windows, recordings)

    def paint(window_id: str, image: np.ndarray, path: Path) -> None:
        write_waterfall_png(image, path, axes[window_id])

    return paint


def waterfall_axes(root: Path, windows: pa.Table, recordings: pa.Table) -> dict[str, WaterfallAxes]:
    """Axes by window id; the frequency is that of the middle of a window.

    Args:
        root: the folder.
        windows: table of the WINDOWS schema.
        recordings: of the RECORDINGS schema, marked as radio.
    """
    stated = radio_of(recordings)
    facts = {row["path"]: row for row in recordings.select(["path", "sample_rate"]).to_pylist()}
    found: dict[str, WaterfallAxes] = {}
    columns = (windows[n].to_pylist() for n in ("window_id", "path", "start_frame", "frames"))
    for window_id, path, first, frames in zip(*columns, strict=True):
        rate = facts[path]["sample_rate"]
        layout = known_layout(root / path, stated)
        center = frequency_at(layout, first + frames // 2, stated)
        unknown = layout is not None and layout.container == "SIGMF" and rate == 1
        found[window_id] = WaterfallAxes(first / rate, frames / rate, rate, center, unknown)
    return found
