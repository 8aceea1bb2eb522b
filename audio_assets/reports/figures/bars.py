"""Bars: how many windows each class has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audio_assets.analysis.palette import color
from audio_assets.reports.figures.canvas import FAINT, Drawing, draw
from audio_assets.reports.wording import shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 40


def class_bars(sizes: Mapping[str, int], order: list[str]) -> Drawing:
    """Windows of each class, the 40 largest.

    Args:
        sizes: windows by class, the most frequent first; at least one.
        order: all classes in the order of their colours.
    """
    shown = list(sizes.items())[:MOST]
    number = {name: i for i, name in enumerate(order)}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        values = [size for _, size in shown]
        bars = axes.barh(
            range(len(shown)), values, height=0.7, color=[color(number[n]) for n, _ in shown]
        )
        axes.bar_label(bars, [f"{v:,}" for v in values], padding=3, fontsize=7, color=FAINT)
        axes.set_yticks(range(len(shown)), [shorten(name, 32) for name, _ in shown])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(0, max(values) * 1.08)
        axes.set_xlabel("windows")
        figure.subplots_adjust(left=0.26, right=0.97, **_margins(height))

    height = 0.55 + 0.19 * len(shown)
    return draw(height, paint)


def _margins(height: float) -> dict[str, float]:
    return {"bottom": 0.42 / height, "top": 1 - 0.05 / height}
