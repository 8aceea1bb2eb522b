"""lat, lon and where they are from: the table's own, found by sources, or invented."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from audio_assets.loaders.coordinates import synthetic_coordinates
from audio_assets.loaders.places.locate import fill_places
from audio_assets.loaders.places.source import Unplaced

if TYPE_CHECKING:
    import pandas as pd

    from audio_assets.folders import AudioFolder


def place_columns(
    frame: pd.DataFrame, columns: dict[str, Any], folder: AudioFolder, memory: Path | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns lat, lon and coordinates.

    Args:
        frame: the data set's own metadata, one row per recording, indexed by path.
        columns: standard columns that are made already; label and start_time are used.
        folder: its sources of places, and whether places may be invented.
        memory: file for the answers of network services.

    Returns:
        The columns; and a report: synthetic_coordinates, half_coordinates (rows with only one of
        the two), and per source what it found and its problems.

    Raises:
        UsageError: when the folder names a source that does not exist or lacks its package or key.
    """
    keys = [str(key) for key in frame.index]
    places = np.full((len(keys), 2), np.nan)
    for at, name in enumerate(("lat", "lon")):
        if name in frame:
            places[:, at] = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(places)
    half = int((missing.any(axis=1) & ~missing.all(axis=1)).sum())
    given = ~missing.any(axis=1)
    origin = np.full(len(keys), None, dtype=object)
    origin[given] = "given"
    places[~given] = np.nan
    found: dict[str, Any] = {}
    if not given.all():
        starts = columns["start_time"].to_pylist()
        recordings = [
            Unplaced(key, start, row)
            for key, start, row in zip(keys, starts, frame.to_dict("records"), strict=True)
        ]
        found = fill_places(folder.root, recordings, folder.places, places, origin, memory)
    rows = np.flatnonzero(np.isnan(places[:, 0]))
    if folder.synthetic_geo and rows.size:
        labels = columns["label"].to_pylist()
        invented = synthetic_coordinates([labels[r] for r in rows], [keys[r] for r in rows])
        places[rows], origin[rows] = invented, "synthetic"
    return {
        "lat": pa.array(places[:, 0], pa.float64(), from_pandas=True),
        "lon": pa.array(places[:, 1], pa.float64(), from_pandas=True),
        "coordinates": pa.array(origin.tolist(), pa.string()),
    }, {
        "synthetic_coordinates": origin.tolist().count("synthetic"),
        "half_coordinates": half,
        "places": found,
    }
