"""Which axes the waterfalls of a folder's windows have, and the painter that draws them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.encoding.previews import png_name
from audio_assets.errors import StorageError
from audio_assets.radio.captures import frequency_at, known_layout
from audio_assets.radio.marked import radio_of
from audio_assets.storage import read_parquet, write_parquet
from audio_assets.transforms.iq_spectrogram import IqSpectrogram
from audio_assets.transforms.waterfall_png import WaterfallAxes, write_waterfall_png

AXES = "axes.parquet"
"""Beside the pictures: what each of them shows, so that a changed frequency draws it again."""
SCHEMA = pa.schema(
    [pa.field("window_id", pa.string(), nullable=False), pa.field("axes", pa.string())]
)


class WaterfallPainter:
    """Draws waterfalls with the axes of their windows, and knows which pictures are out of date."""

    def __init__(self, axes: dict[str, WaterfallAxes], directory: Path) -> None:
        self.axes, self.file = axes, directory / AXES

    def __call__(self, window_id: str, image: np.ndarray, path: Path) -> None:
        """Draw one window; as `Previews.paint` wants it."""
        write_waterfall_png(image, path, self.axes[window_id])

    def forget_changed(self) -> None:
        """Remove the pictures whose axes are others now, or not known; then note those of now."""
        before: dict[str, str] = {}
        with suppress(StorageError):
            table = read_parquet(self.file)
            before = dict(zip(*(table[n].to_pylist() for n in SCHEMA.names), strict=True))
        now = {window_id: repr(axes) for window_id, axes in self.axes.items()}
        if before == now:
            return
        for window_id, axes in now.items():
            if before.get(window_id) != axes:
                (self.file.parent / png_name(window_id)).unlink(missing_ok=True)
        rows = [{"window_id": window_id, "axes": axes} for window_id, axes in now.items()]
        write_parquet(self.file, pa.Table.from_pylist(rows, schema=SCHEMA))


def painter_of(
    root: Path, windows: pa.Table, recordings: pa.Table, transform: Any, directory: Path
) -> WaterfallPainter | None:
    """How previews are drawn: with axes for waterfalls, None for everything else.

    Args:
        root: the folder.
        windows: table of the WINDOWS schema.
        recordings: of the RECORDINGS schema, marked as radio.
        transform: of the previews.
        directory: of the pictures; exists.
    """
    if not isinstance(transform, IqSpectrogram):
        return None
    return WaterfallPainter(waterfall_axes(root, windows, recordings), directory)


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
        unknown = layout is not None and layout.container == "SIGMF" and rate == 1
        # cycles per sample and hertz do not add up
        center = None if unknown else frequency_at(layout, first + frames // 2, stated)
        found[window_id] = WaterfallAxes(first / rate, frames / rate, rate, center, unknown)
    return found
