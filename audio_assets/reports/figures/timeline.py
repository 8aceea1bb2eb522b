"""Clusters over the day, over the dates, and along recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_assets.analysis.palette import color
from audio_assets.reports.figures.canvas import FAINT, GREY, INK, RULE, WIDTH, Drawing, draw
from audio_assets.reports.wording import clock, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEFT = 1.35
BAR = 0.3
STEPS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400)


@dataclass(frozen=True)
class Track:
    """The windows of one recording: start and end in seconds, and the group of each (-1: none)."""

    name: str
    starts: np.ndarray
    ends: np.ndarray
    codes: np.ndarray


def shares_over_time(
    counts: np.ndarray, names: Sequence[str], ticks: Sequence[tuple[float, str]], across: str
) -> Drawing:
    """Draw how the windows of each bin divide among groups, and how many windows a bin has.

    Args:
        counts: int [G, B], windows of each group in each bin of time.
        names: of the groups [G].
        ticks: (place in bins, text).
        across: what the bins are.
    """
    total = counts.sum(axis=0)
    shares = np.where(total > 0, counts / np.maximum(1, total), np.nan)
    row = 0.2
    high, top, bottom = row * len(names), 0.55, 0.42
    height = high + top + bottom
    wide = WIDTH - LEFT - 0.6

    def paint(figure: Figure) -> None:
        box = (LEFT / WIDTH, bottom / height, wide / WIDTH, high / height)
        axes = figure.add_axes(box)
        axes.set_facecolor(RULE)  # nothing was recorded
        picture = axes.imshow(
            shares, aspect="auto", cmap="cividis", vmin=0, vmax=max(0.01, float(np.nanmax(shares))),
            interpolation="nearest", extent=(0, counts.shape[1], len(names), 0),
        )  # fmt: skip
        axes.set_yticks(np.arange(len(names)) + 0.5, [shorten(n, 20) for n in names])
        axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(across)
        above = figure.add_axes(
            (LEFT / WIDTH, (bottom + high + 0.06) / height, wide / WIDTH, (top - 0.16) / height)
        )
        above.bar(np.arange(len(total)) + 0.5, total, width=0.9, color=FAINT)
        above.set_xlim(0, len(total))
        above.set_xticks([])
        above.set_yticks([int(total.max())], [f"{int(total.max()):,}"])
        above.set_ylabel("windows", rotation=0, ha="right", va="center", fontsize=7)
        side = figure.add_axes(
            ((LEFT + wide + 0.1) / WIDTH, bottom / height, 0.09 / WIDTH, min(high, 1.6) / height)
        )
        bar = figure.colorbar(picture, cax=side)
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        bar.ax.locator_params(nbins=3)
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]

    return draw(height, paint)


def along_recordings(tracks: Sequence[Track], names: Sequence[str]) -> Drawing:
    """Draw the groups of the windows along each recording, one bar a recording.

    Args:
        tracks: at least one, with at least one window each.
        names: of the groups, in the order of their colours.
    """
    longest = max(float(track.ends.max()) for track in tracks)
    used = sorted({int(c) for track in tracks for c in track.codes if c >= 0})[:20]
    legend_rows = math.ceil((len(used) + 1) / 6)
    bottom = 0.45 + 0.16 * legend_rows
    height = (BAR + 0.16) * len(tracks) + bottom + 0.05

    def paint(figure: Figure) -> None:
        bars = (BAR + 0.16) * len(tracks)
        axes = figure.add_axes(
            (LEFT / WIDTH, bottom / height, (WIDTH - LEFT - 0.15) / WIDTH, bars / height)
        )
        for i, track in enumerate(tracks):
            spans = list(zip(track.starts, track.ends - track.starts, strict=True))
            shades = [GREY if code < 0 else color(int(code)) for code in track.codes]
            axes.broken_barh(spans, (i - 0.36, 0.72), facecolors=shades, linewidth=0)
        axes.set_ylim(len(tracks) - 0.5, -0.5)
        axes.set_xlim(0, longest)
        axes.set_yticks(range(len(tracks)), [shorten(t.name, 22) for t in tracks])
        axes.tick_params(axis="y", length=0)
        step = next((s for s in STEPS_S if longest / s <= 8), STEPS_S[-1])
        places = np.arange(0, longest + 1e-9, step)
        axes.set_xticks(places, [clock(place) for place in places])
        axes.set_xlabel("time from the start of the recording")
        entries = [(color(code), names[code]) for code in used] + [(GREY, "noise")]
        for i, (shade, name) in enumerate(entries):
            x = 0.1 + (i % 6) * (WIDTH - 0.2) / 6
            y = 0.16 * (legend_rows - i // 6 - 0.5)
            figure.text(x / WIDTH, y / height, "■", color=shade, fontsize=8, va="center")
            figure.text(
                (x + 0.14) / WIDTH, y / height, shorten(name, 17), fontsize=7, va="center",
                color=INK,
            )  # fmt: skip

    return draw(height, paint)
