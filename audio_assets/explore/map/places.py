"""The places of a view's windows: one entry a place, however many windows were recorded there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

import fiftyone as fo

from audio_assets.explore.map.regions import LAT, POINT

MOST_COLORS = 200
NOTHING = "no value"


@dataclass(frozen=True)
class Places:
    """Places and what was recorded there.

    Attributes:
        rows: [lon, lat, i, n, i, n, …] in degrees: n windows there have the i-th of `names`;
            the most frequent one first.
        names: values of the field, the most frequent in the view first.
        counts: windows of each.
        without: windows that have no coordinates.
        invented: windows whose coordinates are synthetic.
    """

    rows: list[list[float]]
    names: list[str]
    counts: list[int]
    without: int
    invented: int


def places_of(view: fo.DatasetView, path: str | None) -> Places:
    """Count the windows of a view by place and by the values of a field.

    MongoDB does the counting, so ten thousand windows of one recorder are one row.

    Args:
        view: of a data set with the field `location`.
        path: of values, such as `label.label`; None for no distinction.
    """
    windows: Any = view.count()
    if view.get_field("location") is None:
        return Places([], [], [], windows, 0)
    key = {"p": f"${POINT}", "v": f"${path}" if path else None}
    pipeline = [
        {"$match": {LAT: {"$exists": True}}},
        {"$group": {"_id": key, "n": {"$sum": 1}, "of": {"$max": "$coordinates"}}},
    ]
    found = cast("list[dict[str, Any]]", view._aggregate(post_pipeline=pipeline))
    totals: Counter[str] = Counter()
    places: dict[tuple[float, float], list[tuple[int, str]]] = {}
    for row in found:
        name, lon_lat = _text(row["_id"].get("v")), row["_id"]["p"]
        totals[name] += row["n"]
        places.setdefault((lon_lat[0], lon_lat[1]), []).append((row["n"], name))
    names = [name for name, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))]
    number = {name: i for i, name in enumerate(names)}
    rows: list[list[float]] = []
    for (lon, lat), parts in places.items():
        place: list[float] = [round(lon, 6), round(lat, 6)]
        for count, name in sorted(parts, key=lambda part: (-part[0], part[1])):
            place += [number[name], count]
        rows.append(place)
    placed = sum(totals.values())
    return Places(
        rows=rows,
        names=names,
        counts=[totals[name] for name in names],
        without=windows - placed,
        invented=sum(row["n"] for row in found if row["of"] == "synthetic"),
    )


def _text(value: Any) -> str:
    return NOTHING if value is None else str(value)
