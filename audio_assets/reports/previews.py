"""The stored spectrograms of windows as pictures with known axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.encoding.previews import png_name
from audio_assets.explore.preview_axes import PreviewAxes, Window

if TYPE_CHECKING:
    import pandas as pd

    from audio_assets.audio_folder import AudioFolder


@dataclass(frozen=True)
class Preview:
    """One spectrogram.

    Attributes:
        levels: uint8 [H, W], row 0 at the top, 255 = loudest.
        start_s: where it begins, from the start of the recording.
        end_s: where it ends.
        low_hz: at its bottom.
        high_hz: at its top.
        axes: its scale of frequency.
    """

    levels: NDArray[np.uint8]
    start_s: float
    end_s: float
    low_hz: float
    high_hz: float
    axes: PreviewAxes

    def height_of(self, hz: float) -> float:
        """How high a frequency is, 0 at the bottom to 1 at the top."""
        low, high = self.axes.scale(self.low_hz), self.axes.scale(self.high_hz)
        return (self.axes.scale(hz) - low) / (high - low) if high > low else 0.0


class PreviewReader:
    """Reads the previews of a folder's windows.

    Args:
        directory: of the PNG files.
        folder: whose transform drew them.
        recordings: recording_id, sample_rate and frames of each recording.
    """

    def __init__(self, directory: Path, folder: AudioFolder, recordings: pd.DataFrame) -> None:
        from audio_assets.explore.preview_axes import preview_axes

        self.directory = directory
        self.axes = preview_axes(folder)
        about = zip(recordings["sample_rate"], recordings["frames"], strict=True)
        self._about = dict(zip(recordings["recording_id"], about, strict=True))

    def read(self, window: Mapping[str, Any]) -> Preview | None:
        """The spectrogram of a window; None where its file is missing or damaged.

        Args:
            window: `Contents.window`.
        """
        levels = self._levels(window["window_id"])
        if levels is None:
            return None
        rate, frames = (int(n) for n in self._about[window["recording_id"]])
        start, _, length = window["window_id"].partition("@")[2].partition("+")
        padded = round(float(window["padded_s"]) * rate)
        begin, wide = self.axes.seconds(Window(int(start), int(length), padded, rate, frames))
        begin += float(window["start_s"])
        high = self.axes.high_hz or rate / 2
        return Preview(levels, begin, begin + wide, self.axes.low_hz, high, self.axes)

    def _levels(self, window_id: str) -> NDArray[np.uint8] | None:
        from PIL import Image

        try:
            with Image.open(self.directory / png_name(window_id)) as picture:
                # a palette picture: the numbers are the levels, the palette only their colours
                return np.asarray(picture if picture.mode in "PL" else picture.convert("L"))
        except (OSError, SyntaxError, ValueError):
            return None
