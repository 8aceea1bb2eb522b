"""Spectrograms as small palette PNGs in a perceptual colour map, and contact sheets of them."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audio_assets.storage import TEMPORARY

MAGMA = (
    "000004 07051b 150e38 29115a 3f0f72 56147d 6a1c81 802582 942c80 ab337c c03a76 d6456c e85362 "
    "f4695c fa815f fd9b6b feb47b fecd90 fde5a7 fcfdbf"
)
"""Twenty stops of matplotlib's magma (CC0), dark to light with even steps in lightness."""

SHEET_BYTES = 50_000
SHEET_SIDES = (112, 80, 56, 32)
SHEET_QUALITIES = (85, 70, 55)  # tried for each side before a smaller one


@cache
def palette() -> bytes:
    """Return 256 RGB triples, interpolated between the stops."""
    stops = np.array([list(bytes.fromhex(stop)) for stop in MAGMA.split()], dtype=float)
    at = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8).tobytes()


def write_preview_png(image: NDArray[np.uint8], path: Path) -> None:
    """Write one spectrogram as a palette PNG, low frequencies at the bottom; atomic.

    Args:
        image: uint8 [H, W], row 0 = lowest frequency, 255 = loudest.
        path: file to write; its directory exists.

    Raises:
        OSError: when the disk refuses; `path` is untouched.
    """
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}"[:250])
    try:
        with temporary.open("wb") as stream:
            # looking for runs only takes a third of the time: noise has no longer matches
            _picture(image).save(stream, format="PNG", compress_level=1, compress_type=zlib.Z_RLE)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def picture_png(image: NDArray[np.uint8], side: int) -> bytes:
    """PNG bytes of one picture, uint8 [H, W], row 0 at the bottom, as `side` × `side` pixels."""
    buffer = io.BytesIO()
    _picture(image).resize((side, side), Image.Resampling.NEAREST).save(buffer, format="PNG")
    return buffer.getvalue()


def preview_sheet(images: Sequence[NDArray[np.uint8]], columns: int = 6) -> bytes:
    """Draw a contact sheet.

    Args:
        images: uint8 [H, W] each, row 0 = lowest frequency.
        columns: pictures per row.

    Returns:
        JPEG bytes of at most 50 kB: a PNG of noisy sound would have to be a third as wide.
    """
    content = b""
    for side in SHEET_SIDES:
        sheet = _sheet(images, columns, side)
        for quality in SHEET_QUALITIES:
            buffer = io.BytesIO()
            sheet.save(buffer, format="JPEG", quality=quality)
            content = buffer.getvalue()
            if len(content) <= SHEET_BYTES:
                return content
    return content


def _sheet(images: Sequence[NDArray[np.uint8]], columns: int, side: int) -> Image.Image:
    rows = max(1, -(-len(images) // columns))
    sheet = Image.new("P", (columns * (side + 2), rows * (side + 2)), 0)
    sheet.putpalette(palette())
    for i, image in enumerate(images):
        tile = Image.fromarray(image[::-1]).resize((side, side), Image.Resampling.BILINEAR)
        sheet.paste(tile, ((i % columns) * (side + 2), (i // columns) * (side + 2)))
    return sheet.convert("RGB")


def _picture(image: NDArray[np.uint8]) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(image[::-1]))
    picture.putpalette(palette())  # turns the gray picture into a palette one, bytes unchanged
    return picture
