"""A waterfall with axes of frequency and time, as a small palette PNG."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from audio_assets.storage import TEMPORARY
from audio_assets.transforms.spectrogram_png import palette

LEFT, RIGHT, TOP, BOTTOM = 52, 12, 20, 18
"""Margins around the picture in pixels."""
INK, FAINT, SHADE = 230, 120, 0
FONT_SIZE = 10
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"))


@dataclass(frozen=True)
class WaterfallAxes:
    """What a waterfall shows.

    Attributes:
        start_s: of its first column, from the start of the recording.
        seconds: from its first column to its last.
        rate: sample rate in Hz, which is the height of the picture.
        center_hz: centre frequency; None where unknown: frequencies are then offsets.
        in_samples: nobody says the rate: seconds are samples, hertz are cycles per sample.
    """

    start_s: float
    seconds: float
    rate: float
    center_hz: float | None = None
    in_samples: bool = False


def plot_box(width: int, height: int) -> tuple[float, float, float, float]:
    """Where the plot lies in the whole picture: left, top, width, height as shares of it."""
    wide, high = width + LEFT + RIGHT, height + TOP + BOTTOM
    return LEFT / wide, TOP / high, width / wide, height / high


def write_waterfall_png(image: NDArray[np.uint8], path: Path, axes: WaterfallAxes) -> None:
    """Write a waterfall; atomic.

    Args:
        image: uint8 [H, W], row 0 = lowest frequency.
        path: file to write; its directory exists.
        axes: what it shows.

    Raises:
        OSError: when the disk refuses; `path` is untouched.
    """
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}"[:250])
    try:
        with temporary.open("wb") as stream:
            waterfall(image, axes).save(stream, format="PNG", compress_level=4)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def waterfall(image: NDArray[np.uint8], axes: WaterfallAxes) -> Image.Image:
    """Draw a waterfall; arguments as of `write_waterfall_png`."""
    height, width = image.shape
    sheet = np.full((height + TOP + BOTTOM, width + LEFT + RIGHT), SHADE, np.uint8)
    sheet[TOP : TOP + height, LEFT : LEFT + width] = image[::-1]
    picture = Image.fromarray(sheet)
    draw: Any = ImageDraw.Draw(picture)
    draw.fontmode = "1"  # grey edges of letters would be other colours of the palette
    edge = (LEFT - 1, TOP - 1, LEFT + width, TOP + height)
    draw.rectangle(edge, outline=FAINT)
    _frequencies(draw, axes, height)
    _times(draw, axes, width, height)
    picture.putpalette(palette())
    return picture


def _frequencies(draw: Any, axes: WaterfallAxes, height: int) -> None:
    center = axes.center_hz or 0.0
    low, high = center - axes.rate / 2, center + axes.rate / 2
    largest = min(max(abs(low), abs(high)), 1e8)  # 1090.5 MHz reads better than 1.0905 GHz
    scale, unit = (1.0, "/sample") if axes.in_samples else _unit(largest, "Hz")
    ticks = ticks_between(low, high, 5)
    digits = _digits(ticks, scale)
    for tick in ticks:
        y = TOP + height - (tick - low) / (high - low) * height
        draw.line((LEFT - 4, y, LEFT - 1, y), fill=INK)
        text = f"{tick / scale:.{digits}f}"
        draw.text((LEFT - 6, y), text, fill=INK, font=_font(), anchor="rm")
    draw.text((2, 1), unit, fill=INK, font=_font(), anchor="lt")


def _times(draw: Any, axes: WaterfallAxes, width: int, height: int) -> None:
    end = axes.start_s + axes.seconds
    scale, unit = (1.0, "sample") if axes.in_samples else _unit(end, "s")
    ticks = ticks_between(axes.start_s, end, 4)
    digits = _digits(ticks, scale)
    for tick in ticks:
        x = LEFT + (tick - axes.start_s) / max(axes.seconds, 1e-300) * width
        draw.line((x, TOP + height, x, TOP + height + 3), fill=INK)
        text = f"{tick / scale:.{digits}f}"
        half = draw.textlength(text, font=_font()) / 2
        x = min(x, LEFT + width + RIGHT - 1 - half)  # the last one would be cut
        draw.text((x, TOP + height + 5), text, fill=INK, font=_font(), anchor="mt")
    draw.text((2, TOP + height + 5), unit, fill=INK, font=_font(), anchor="lt")


def ticks_between(low: float, high: float, about: int) -> list[float]:
    """Round numbers from `low` to `high`: 1, 2 or 5 times a power of ten apart."""
    if not high > low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= raw)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * number for number in range(first, last + 1)]


def _unit(largest: float, unit: str) -> tuple[float, str]:
    """The prefix in which a number is between 1 and 1000."""
    for scale, prefix in PREFIXES:
        if largest >= scale:
            return scale, prefix + unit
    return 1.0, unit


def _digits(ticks: list[float], scale: float) -> int:
    """Decimals that tell neighbouring ticks apart."""
    if len(ticks) < 2:
        return 3
    step = (ticks[1] - ticks[0]) / scale
    return max(0, min(9, -math.floor(math.log10(step) + 1e-9)))


@cache
def _font() -> Any:
    return ImageFont.load_default(FONT_SIZE)
