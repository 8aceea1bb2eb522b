"""The canvas of a drawing: sizes in inches, one style, PNG out; nothing of pyplot's state."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audio_assets.analysis.palette import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 6.9
"""Inches: the width of text on A4."""

DPI = 170
INK, FAINT, RULE = "#22272e", "#66707c", "#d5dae0"
GREY = "#a9b1bb"
"""Windows without a class, and noise."""


EXACT = [c.removeprefix("#") for c in ("#ffffff", "#000000", INK, FAINT, RULE, GREY, *COLORS)]
"""Colours that reducing a drawing to 256 must not shift."""


@dataclass(frozen=True)
class Drawing:
    """A finished drawing: PNG, and the size it is meant to have on paper in inches."""

    png: bytes
    width: float
    height: float


def draw(height: float, paint: Callable[[Figure], None], width: float = WIDTH) -> Drawing:
    """Make a drawing.

    Args:
        height: in inches.
        paint: puts axes on an empty figure.
        width: in inches.
    """
    with _style():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        paint(figure)
        canvas.draw()
        return Drawing(_png(canvas), width, height)


def _png(canvas) -> bytes:
    """256 colours without alpha: a third of the bytes; those with a meaning stay exact."""
    import numpy as np
    from PIL import Image

    pixels = np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
    exact = np.array([list(bytes.fromhex(color)) for color in EXACT], np.uint8)
    reduced = Image.fromarray(pixels).quantize(
        256 - len(exact), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    codes = np.asarray(reduced) + np.uint8(len(exact))
    packed = pixels @ np.array([1 << 16, 1 << 8, 1])
    for i, color in enumerate(exact @ np.array([1 << 16, 1 << 8, 1])):
        codes[packed == color] = i
    picture = Image.fromarray(codes)
    picture.putpalette(exact.tobytes() + bytes(reduced.getpalette() or [])[: 768 - exact.size])
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True, dpi=(DPI, DPI))
    return stream.getvalue()


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib

    from audio_assets.reports.fonts import families

    style: dict[Any, Any] = {
        "font.family": families(),
        "font.size": 8,
        "text.color": INK,
        "text.parse_math": False,  # a $ in a file's name is no formula
        "axes.edgecolor": FAINT,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 8.5,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # letters that no font has are drawn as boxes; the text of the report has them all
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        yield
