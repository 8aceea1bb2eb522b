"""Regions of the map as queries of MongoDB: boxes by coordinates, lassos in the plane of degrees.

`geo_within` is not used: on its sphere the edges of a box are great circles, not parallels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from audio_assets.bounding_box import BoundingBox
from audio_assets.errors import UsageError

POINT = "location.point.coordinates"  # longitude, latitude
LON, LAT = f"{POINT}.0", f"{POINT}.1"
MOST_CORNERS = 2000
TURNS = (-360.0, 0.0, 360.0)


def box_query(box: BoundingBox) -> dict[str, Any]:
    """Places inside a box, edges included, as `BoundingBox.contains` says."""
    spans = [{LON: {"$gte": west, "$lte": east}} for west, east in box.spans]
    return {LAT: {"$gte": box.south, "$lte": box.north}, "$or": spans}


def lasso_query(corners: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Places inside a polygon that was drawn on the map, whose edges are straight there.

    Args:
        corners: (longitude, latitude) in degrees; longitudes may go on beyond ±180 where the
            polygon crosses the 180th meridian.

    Raises:
        UsageError: when it is no polygon.
    """
    try:
        points = [(float(lon), float(lat)) for lon, lat in corners]
    except (TypeError, ValueError) as error:
        raise UsageError("A lasso is a list of pairs of longitude and latitude.") from error
    if not 3 <= len(points) <= MOST_CORNERS or not all(map(_on_the_map, points)):
        raise UsageError(
            f"This is no lasso: expected 3 to {MOST_CORNERS:,} corners, in degrees, found "
            f"{len(points):,}."
        )
    copies = [[[lon + turn, lat] for lon, lat in points] for turn in TURNS]
    return {"$or": [_inside(c) for c in copies if _meets_the_world(c)]}


def region_of(query: dict[str, Any] | None) -> dict[str, Any] | None:
    """The region that a query describes, to draw it: `{"box": …}` or `{"lasso": …}`.

    A box is west, south, east, north, with east beyond 180 where it crosses that meridian.
    """
    if query is None:
        return None
    parts = query.get("$or", [])
    if LAT in query:
        west, east = parts[0][LON]["$gte"], parts[0][LON]["$lte"]
        if east == 180 and len(parts) > 1 and parts[1][LON]["$gte"] == -180 != west:
            east = 360 + parts[1][LON]["$lte"]
        return {"box": [west, query[LAT]["$gte"], east, query[LAT]["$lte"]]}
    polygon = parts[0][POINT]["$geoWithin"]["$polygon"] if parts else []
    return {"lasso": polygon} if polygon else None


def _inside(corners: list[list[float]]) -> dict[str, Any]:
    return {POINT: {"$geoWithin": {"$polygon": corners}}}


def _on_the_map(point: tuple[float, float]) -> bool:
    return math.isfinite(point[0]) and abs(point[0]) <= 540 and abs(point[1]) <= 90


def _meets_the_world(corners: list[list[float]]) -> bool:
    return min(lon for lon, _ in corners) <= 180 and max(lon for lon, _ in corners) >= -180
