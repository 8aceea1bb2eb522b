"""The axes of a folder's preview pictures: which seconds they show, which frequency how high.

A preview is the first model input of a window, as the transform of the checkpoint first run on
the folder draws it: wider than a short window, narrower than a long one, often on mels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audio_assets.recordings.model_input import input_spans
from audio_assets.transforms.registry import make_transform


@dataclass(frozen=True)
class Window:
    """A window of a recording, in frames at its own rate; of radio with its centre frequency."""

    start: int
    frames: int
    padded: int
    sample_rate: int
    recording_frames: int
    center_hz: float = 0.0


@dataclass(frozen=True)
class PreviewAxes:
    """Axes of previews; without a transform a preview shows its window, up to half the rate.

    Attributes:
        input_samples: of one model input; None without a transform.
        model_rate: of it in Hz.
        keeps_short: a shorter recording is drawn as it is, without zeros behind it.
        low_hz: lowest frequency.
        high_hz: highest frequency; None for half the recording's rate.
        scale: hertz → a number that grows evenly with the height.
        two_sided: of IQ: the window at its own rate, from -rate/2 to rate/2 around the centre.
        plot: where in the picture the plot is: left, top, width, height as shares of it.
    """

    input_samples: int | None = None
    model_rate: float = 1.0
    keeps_short: bool = False
    low_hz: float = 0.0
    high_hz: float | None = None
    scale: Callable[[float], float] = float
    two_sided: bool = False
    plot: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    def seconds(self, window: Window) -> tuple[float, float]:
        """Where a preview begins (from the start of its window) and how much it shows."""
        if self.two_sided:
            return 0.0, window.frames / window.sample_rate
        if self.input_samples is None:
            return 0.0, (window.frames + window.padded) / window.sample_rate
        first, frames = input_spans(
            window.start, window.frames, window.sample_rate, window.recording_frames,
            self.input_samples, self.model_rate, window.padded,
        )[0]  # fmt: skip
        wide = self.input_samples / self.model_rate
        if self.keeps_short:
            wide = min(wide, frames / window.sample_rate)
        return (first - window.start) / window.sample_rate, wide

    def box(
        self, window: Window, start_s: float, end_s: float, low_hz: float, high_hz: float
    ) -> list[float]:
        """A time-frequency box as FiftyOne's [left, top, width, height], shares of the picture.

        Args:
            window: whose preview.
            start_s: from the start of the window.
            end_s: from the start of the window.
            low_hz: lower edge.
            high_hz: upper edge.
        """
        begin, wide = self.seconds(window)
        left, right = (_share(s, begin, begin + wide) for s in (start_s, end_s))
        highest = self.high_hz or window.sample_rate / 2
        lowest = -highest if self.two_sided else self.low_hz
        ends = self.scale(lowest), self.scale(highest)
        bottom, top = (_share(self.scale(max(hz, lowest)), *ends) for hz in (low_hz, high_hz))
        x, y, wide, tall = self.plot
        return [
            x + left * wide, y + (1.0 - top) * tall,
            max(0.0, right - left) * wide, max(0.0, top - bottom) * tall,
        ]  # fmt: skip


def preview_axes(folder: Any) -> PreviewAxes:
    """Axes of a folder's previews.

    Args:
        folder: an `AudioFolder`, or anything with a `transform` of a name and parameters.
    """
    named = getattr(folder, "transform", None)
    if named is None:
        return PreviewAxes()
    transform = make_transform(named.name, named.params)
    if getattr(transform, "native", False):
        from audio_assets.transforms.waterfall_png import plot_box

        height, width = transform.output_shape
        drawn = named.name == "iq_spectrogram"
        plot = plot_box(width, height) if drawn else (0.0, 0.0, 1.0, 1.0)
        return PreviewAxes(two_sided=True, plot=plot)
    params, half = transform.parameters(), transform.sample_rate / 2
    low, high, scale = 0.0, half, float
    if named.name == "cqt":
        low, scale = float(params["f_min"]), _log
        high = low * 2 ** (params["n_bins"] / params["bins_per_octave"])
    elif "n_mels" in params:
        low, high = float(params.get("f_min") or 0.0), float(params.get("f_max") or half)
        htk = named.name == "kaldi_fbank" or params.get("mel") == "htk"
        scale = _htk_mel if htk else _slaney_mel
    return PreviewAxes(
        transform.input_samples, transform.sample_rate,
        bool(getattr(transform, "takes_shorter", False)), low, high, scale,
    )  # fmt: skip


def _share(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.0


def _log(hz: float) -> float:
    return math.log2(max(hz, 1e-3))


def _htk_mel(hz: float) -> float:
    return 2595.0 * math.log10(1.0 + hz / 700.0)


def _slaney_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15.0 + 27.0 * math.log(hz / 1000) / math.log(6.4)
