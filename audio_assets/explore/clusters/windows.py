"""The windows of a data set as cluster cards need them, read from MongoDB in one go."""

from __future__ import annotations

import fiftyone as fo

from audio_assets.explore.clusters.cards import Window
from audio_assets.explore.documents import collection


def windows_of(dataset: fo.Dataset) -> dict[str, Window]:
    """Every window of a data set by its id; samples that a person added have none."""
    wanted = {"window_id": 1, "path": 1, "label.label": 1, "filepath": 1}
    return {
        row["window_id"]: Window(
            row["window_id"],
            str(row["_id"]),
            row["path"],
            (row.get("label") or {}).get("label"),
            row.get("filepath"),
        )
        for row in collection(dataset).find({"window_id": {"$type": "string"}}, wanted)
    }
