"""Matrices of counts: what is taken for what, and which cluster holds which class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from audio_assets.reports.figures.canvas import INK, WIDTH, Drawing, draw
from audio_assets.reports.wording import shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = 22
LETTER = 0.057  # inches of one letter of a name


def count_matrix(
    counts: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, down: str, across: str
) -> Drawing:
    """Draw counts; the colour is the share of the row.

    Args:
        counts: int [R, C].
        rows: names [R].
        columns: names [C].
        down: what the rows are.
        across: what the columns are.
    """
    named = [shorten(name, NAME) for name in rows]
    heads = [shorten(name, NAME) for name in columns]
    left = 0.45 + LETTER * max(map(len, named))
    bottom = 0.4 + LETTER * 0.9 * max(map(len, heads))
    cell = min(0.42, (WIDTH - left - 0.75) / len(heads))
    tall = max(cell * 0.62, 0.16) if len(heads) < 12 else min(cell, 0.26)
    wide, high = cell * len(heads), tall * len(named)
    height = high + bottom + 0.2
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))

    def paint(figure: Figure) -> None:
        box = (left / WIDTH, bottom / height, wide / WIDTH, high / height)
        axes = figure.add_axes(box)
        picture = axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(heads)), heads, rotation=90)
        axes.set_yticks(range(len(named)), named)
        axes.tick_params(length=0)
        axes.set_xlabel(across)
        axes.set_ylabel(down)
        axes.spines[:].set_visible(False)
        if cell > 0.17:
            _write_counts(axes, counts, shares, 7 if cell > 0.28 else 5.5)
        side = figure.add_axes(
            ((left + wide + 0.12) / WIDTH, bottom / height, 0.1 / WIDTH, min(high, 1.8) / height)
        )
        bar = figure.colorbar(picture, cax=side, ticks=[0, 0.5, 1])
        bar.ax.set_yticklabels(["0", "50 %", "100 %\nof row"])
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]

    return draw(height, paint)


def _write_counts(axes, counts: np.ndarray, shares: np.ndarray, size: float) -> None:
    for (row, column), value in np.ndenumerate(counts):
        if value:
            ink = INK if shares[row, column] > 0.55 else "white"
            axes.text(column, row, f"{value}", ha="center", va="center", fontsize=size, color=ink)
