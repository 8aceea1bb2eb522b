"""Maps of the embedding space, coloured by class and by cluster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_assets.analysis.palette import color
from audio_assets.reports.figures.canvas import FAINT, GREY, RULE, WIDTH, Drawing, draw
from audio_assets.reports.wording import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS = 50_000
LEGEND = 20
SIDE = 2.95
ROW = 0.155
EDGE = 0.02


@dataclass(frozen=True)
class Coloring:
    """What the points of one panel are coloured by.

    Attributes:
        title: of the panel.
        codes: int [N], number of each point's group; -1 is drawn grey.
        names: of the groups, in the order of their colours.
        grey: what the grey points are.
    """

    title: str
    codes: np.ndarray
    names: Sequence[str]
    grey: str


def space_map(points: np.ndarray, colorings: Sequence[Coloring]) -> Drawing:
    """Draw one panel per colouring, at most two.

    Args:
        points: float [N, 2]; rows of NaN are left out.
        colorings: one or two.
    """
    there = np.flatnonzero(np.isfinite(points).all(axis=1))
    there = there[:: max(1, -(-len(there) // MOST_POINTS))]
    legends = [_legend(c, there) for c in colorings]
    wide = len(colorings) == 1
    columns = 4 if wide and len(legends[0]) > 8 else 2
    rows = max(math.ceil(len(legend) / columns) for legend in legends)
    height = SIDE + 0.3 + ROW * rows + 0.1

    def paint(figure: Figure) -> None:
        for i, (coloring, legend) in enumerate(zip(colorings, legends, strict=True)):
            left = (WIDTH - SIDE) / 2 if wide else i * WIDTH / 2 + EDGE
            box = (left / WIDTH, 1 - (SIDE + 0.25) / height, SIDE / WIDTH, SIDE / height)
            axes = figure.add_axes(box)
            axes.set_title(coloring.title, loc="left", pad=4)
            _scatter(axes, points[there], coloring.codes[there])
            begin = 0.0 if columns > 2 else left
            _draw_legend(figure, legend, (begin, height - SIDE - 0.35, columns))

    return draw(height, paint)


def _scatter(axes: Axes, points: np.ndarray, codes: np.ndarray) -> None:
    # in an order that hides no group under another, the same each time; grey below all
    order = np.random.default_rng(0).permutation(len(points))
    order = order[np.argsort(codes[order] >= 0, kind="stable")]
    size = float(np.clip(14_000 / max(1, len(points)), 1.2, 16))
    shades = [GREY if code < 0 else color(int(code)) for code in codes[order]]
    axes.scatter(*points[order].T, s=size, c=shades, linewidths=0, alpha=0.85)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.04)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(RULE)


def _legend(coloring: Coloring, rows: np.ndarray) -> list[tuple[str, str]]:
    """(colour, name) of the most frequent groups, in the order of their colours."""
    codes = coloring.codes[rows]
    sizes = np.bincount(codes[codes >= 0], minlength=len(coloring.names))
    largest = np.sort(np.argsort(-sizes, kind="stable")[:LEGEND])
    entries = [(color(int(i)), str(coloring.names[i])) for i in largest if sizes[i]]
    hidden = int((sizes > 0).sum()) - len(entries)
    if hidden > 0:
        entries.append(("none", f"and {hidden} more"))
    if (codes < 0).any():
        entries.append((GREY, coloring.grey))
    return entries


def _draw_legend(
    figure: Figure, entries: list[tuple[str, str]], place: tuple[float, float, int]
) -> None:
    """Names below a panel, in columns; `place` is left and top in inches, and the columns."""
    left, top, columns = place
    width = (WIDTH if columns > 2 else WIDTH / 2 - 0.15) / columns
    height = figure.get_figheight()
    per_column = math.ceil(len(entries) / columns)
    for i, (shade, name) in enumerate(entries):
        x = left + width * (i // per_column)
        y = top - ROW * (i % per_column + 0.5)
        if shade != "none":
            figure.text(x / WIDTH, y / height, "●", color=shade, fontsize=8, va="center")
        text = shorten(name, int(width * 15))
        ink = FAINT if shade in (GREY, "none") else None
        figure.text((x + 0.14) / WIDTH, y / height, text, fontsize=7, va="center", color=ink)
