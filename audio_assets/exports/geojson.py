"""GeoJSON (RFC 7946): one point per window that has coordinates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from audio_assets.exports.values import json_value

if TYPE_CHECKING:
    import pandas as pd


def geojson(windows: pd.DataFrame) -> tuple[bytes, int]:
    """A feature collection; coordinates are WGS 84, longitude first.

    Args:
        windows: rows with window_id and, where known, lat and lon; every other column becomes a
            property, `coordinates` (given or synthetic) among them.

    Returns:
        The file, and how many windows have no coordinates and are not in it. Their number also
        stands in the collection's member `windows_without_coordinates`.
    """
    features, without = [], 0
    for row in windows.to_dict("records"):
        lon, lat = json_value(row.pop("lon", None)), json_value(row.pop("lat", None))
        if lon is None or lat is None:
            without += 1
            continue
        features.append(
            {
                "type": "Feature",
                "id": row["window_id"],
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": {str(name): json_value(value) for name, value in row.items()},
            }
        )
    collection = {
        "type": "FeatureCollection",
        "windows_without_coordinates": without,
        "features": features,
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode(), without
