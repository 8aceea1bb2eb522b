"""A sketch of where the recordings were made, on the bundled coastline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from audio_assets.reports.figures.canvas import FAINT, RULE, WIDTH, Drawing, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALLEST = 0.02
"""Degrees across at least: a single place is shown with some of its surroundings."""

POINT, LAND = "#d62f3c", "#eceff2"


def places_map(lon: np.ndarray, lat: np.ndarray, counts: np.ndarray) -> Drawing:
    """Draw places; the area of a point grows with the windows recorded there.

    Args:
        lon: degrees [P], P at least 1.
        lat: degrees [P].
        counts: windows [P].
    """
    west, east = _around(lon, 180.0)
    south, north = _around(lat, 90.0)
    stretch = float(np.cos(np.radians(np.clip((south + north) / 2, -80, 80))))
    height = float(np.clip((WIDTH - 1) * (north - south) / ((east - west) * stretch), 2.2, 4.2))

    def paint(figure: Figure) -> None:
        from matplotlib.collections import PolyCollection

        axes = figure.add_axes((0.08, 0.36 / height, 0.9, 1 - 0.42 / height))
        axes.set_facecolor("white")
        axes.add_collection(
            PolyCollection(_land(), facecolors=LAND, edgecolors=FAINT, linewidths=0.4)
        )
        sizes = 14 + 160 * counts / counts.max() if len(counts) > 1 else [60.0]
        axes.scatter(lon, lat, s=sizes, color=POINT, alpha=0.75, linewidths=0.5, edgecolors="white")
        axes.set_aspect(1 / max(stretch, 0.1), adjustable="datalim")
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        axes.grid(color=RULE, linewidth=0.4)
        axes.locator_params(nbins=6)
        axes.xaxis.set_major_formatter(lambda v, _: _degrees(v, "E", "W"))
        axes.yaxis.set_major_formatter(lambda v, _: _degrees(v, "N", "S"))

    return draw(height, paint)


def _around(values: np.ndarray, limit: float) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = max(0.12 * (high - low), SMALLEST)
    return max(-limit, low - room), min(limit, high + room)


def _land() -> list[np.ndarray]:
    from audio_assets.explore.map.coastline import coastline

    return [np.array(ring, float).reshape(-1, 2) / 100 for ring in json.loads(coastline())]


def _degrees(value: float, plus: str, minus: str) -> str:
    if abs(value) < 1e-9:
        return "0°"
    return f"{abs(value):g}° {plus if value > 0 else minus}"
