"""Numbers, spans and names as a report writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def count(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun: 1 recording, 1,200 recordings."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def seconds(value: float) -> str:
    """A duration: 0.35 s, 42 s, 12.5 min, 24.0 h."""
    if value < 10:
        return f"{value:.3g} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.1f} min" if value < 2 * 3600 else f"{value / 3600:,.1f} h"


def span(start_s: float, end_s: float) -> str:
    """A part of a recording: 0.0 to 5.0 s, 12:05 to 12:10, 1:02:05 to 1:02:10."""
    if end_s < 120:
        return f"{start_s:.1f} to {end_s:.1f} s"
    return f"{clock(start_s)} to {clock(end_s)}"


def clock(value: float) -> str:
    """Minutes and seconds from the start, hours where there are any."""
    whole = math.floor(value + 0.5)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count_of_bytes: float) -> str:
    """Bytes in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if count_of_bytes < 1000:
            return f"{count_of_bytes:.3g} {unit}"
        count_of_bytes /= 1000
    return f"{count_of_bytes:,.3g} TB"


def share(part: float, whole: float) -> str:
    """A percentage."""
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def number(value: Any) -> str:
    """A measure with three decimals; a dash where there is none."""
    if value is None or value != value:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def counted(counts: Mapping[Any, int], limit: int = 6) -> str:
    """What there is and how often, the most frequent first: WAV PCM_16 (398), FLAC PCM_24 (2)."""
    order = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    text = ", ".join(f"{name} ({n:,})" for name, n in order[:limit])
    return text + (f" and {len(order) - limit} more" if len(order) > limit else "")


def settings(values: Mapping[str, Any]) -> str:
    """Parameters in a line: method umap, n_neighbors 15; those that are None are left out."""
    told: list[str] = []
    for key, value in sorted(values.items()):
        if isinstance(value, Mapping):
            told += [f"{key} {part}" for part in settings(value).split(", ") if part]
        elif value is not None:
            told.append(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}")
    return ", ".join(told)


def shorten(text: str, most: int) -> str:
    """A name with its middle left out, so that number and suffix stay to be seen."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def plain(text: object) -> str:
    """Text of one line: control characters and lone surrogates become U+FFFD, breaks spaces."""
    words = " ".join(str(text).split())
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in words)
