"""A small scatter plot as PNG, for the previews in asset metadata."""

from __future__ import annotations

import colorsys
import io

import numpy as np

SIDE, LEGEND, MARGIN = 480, 170, 14
SCALE = 2
LIMIT = 50_000
LEGEND_ROWS = 24
GREY = (150, 150, 150)


def scatter_png(coords: np.ndarray, labels: np.ndarray | list[object] | None = None) -> bytes:
    """Draw points coloured by label, the legend beside them.

    Args:
        coords: float [N, 2]; N may be 0.
        labels: [N], anything that prints; None, NaN, "" and -1 are drawn grey. Without labels every
            point has one colour. The legend names the 24 most frequent.

    Returns:
        PNG of 650 x 480 pixels in at most 64 colours, at most 50 kB.
    """
    from PIL import Image, ImageDraw

    coords = np.asarray(coords, np.float64).reshape(-1, 2)
    names, codes = _legend(labels, len(coords))
    width = SIDE + (LEGEND if names else 0)
    image = Image.new("RGB", (width * SCALE, SIDE * SCALE), "white")
    draw = ImageDraw.Draw(image)
    colours = [_colour(i, len(names)) for i in range(len(names))] or [(31, 119, 180)]
    radius = SCALE * (4.0 if len(coords) < 500 else 2.5 if len(coords) < 5000 else 1.2)
    places = _places(coords)
    for x, y, code in zip(*places.T.tolist(), codes.tolist(), strict=True):
        fill = GREY if code < 0 else colours[code % len(colours)]
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    image = image.resize((width, SIDE), Image.Resampling.BOX)
    _draw_legend(ImageDraw.Draw(image), names, colours)
    for limit in (64, 32, 16, 8, 4):
        stream = io.BytesIO()
        image.quantize(limit, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
        if stream.tell() <= LIMIT:
            break
    return stream.getvalue()


def _legend(labels: np.ndarray | list[object] | None, count: int) -> tuple[list[str], np.ndarray]:
    """Label names by descending frequency, and the code of each point, -1 where it has no label."""
    if labels is None:
        return [], np.zeros(count, int)
    text = np.array(["" if _nothing(label) else str(label) for label in labels], dtype=str)
    names, codes, sizes = np.unique(text, return_inverse=True, return_counts=True)
    order = [i for i in np.lexsort((names, -sizes)) if names[i]]
    place = np.full(len(names), -1)
    place[order] = np.arange(len(order))
    return [str(names[i]) for i in order], place[codes] if count else np.zeros(0, int)


def _nothing(label: object) -> bool:
    return label is None or label != label or label in ("", -1)


def _places(coords: np.ndarray) -> np.ndarray:
    """Pixels [N, 2] with equal scales; the y axis points up."""
    if not len(coords):
        return np.empty((0, 2))
    low, high = coords.min(axis=0), coords.max(axis=0)
    span = max(float((high - low).max()), 1e-12)
    unit = (coords - (low + high) / 2) / span
    unit[:, 1] *= -1
    return SCALE * (SIDE / 2 + unit * (SIDE - 2 * MARGIN))


def _colour(i: int, count: int) -> tuple[int, int, int]:
    """Hues that are far apart, in two lightnesses."""
    red, green, blue = colorsys.hls_to_rgb(i / max(1, count), 0.42 if i % 2 else 0.58, 0.75)
    return round(red * 255), round(green * 255), round(blue * 255)


def _draw_legend(draw, names: list[str], colours: list[tuple[int, int, int]]) -> None:
    rows = names[:LEGEND_ROWS]
    for row, name in enumerate(rows):
        top = MARGIN + row * 18
        draw.rectangle((SIDE + 8, top + 2, SIDE + 17, top + 11), fill=colours[row])
        draw.text((SIDE + 24, top), name if len(name) <= 22 else name[:21] + "...", fill="black")
    if len(names) > LEGEND_ROWS:
        text = f"and {len(names) - LEGEND_ROWS} more"
        draw.text((SIDE + 24, MARGIN + LEGEND_ROWS * 18), text, fill="black")
