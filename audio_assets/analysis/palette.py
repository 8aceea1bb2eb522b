"""Colours of classes and clusters, the same in the App, on its map and in reports."""

from __future__ import annotations

from colorsys import hls_to_rgb

COLORS = (
    "#2f7ed8", "#d9700a", "#2e9e44", "#d62f3c", "#8e5bd0", "#a88400", "#d6409f", "#129b8f",
    "#9c6b3f", "#6b7785", "#5b8c00", "#a61e4d", "#1098ad", "#5f3dc4", "#ff6b6b", "#4263eb",
)  # fmt: skip
"""Told apart on a dark ground and on a white one, and readable under white text (FiftyOne's own
pool has near-black greens and blues)."""


def color(index: int) -> str:
    """The colour of the n-th class: the palette, then hues in steps of the golden angle."""
    if index < len(COLORS):
        return COLORS[index]
    rgb = hls_to_rgb(index * 0.618034 % 1, 0.45 + 0.15 * (index % 2), 0.65)
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
