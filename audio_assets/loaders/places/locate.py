"""Asks a folder's sources of places in turn for the recordings that have none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audio_assets.loaders.places.source import Unplaced, place_registry

MOST_LISTED = 20


def fill_places(
    root: Path,
    recordings: Sequence[Unplaced],
    sources: Sequence[str],
    places: np.ndarray,
    origin: np.ndarray,
    memory: Path | None,
) -> dict[str, Any]:
    """Fill in the places that are missing; an earlier source wins over a later one.

    Args:
        root: the folder.
        recordings: all N recordings.
        sources: names of sources, in order.
        places: float64 [N, 2] latitude and longitude, NaN where missing; changed in place.
        origin: object [N], where a place is from, None where missing; changed in place.
        memory: file for the answers of network services.

    Returns:
        Per source that found something or had a problem: found, problems.

    Raises:
        UsageError: when there is no such source, or it lacks its package or key.
    """
    report: dict[str, Any] = {}
    for name in sources:
        without = np.flatnonzero(np.isnan(places[:, 0])).tolist()
        rows = {recordings[row].path: row for row in without}
        if not rows:
            break
        missing = [recordings[row] for row in without]
        found = place_registry.get(name)().locate(root, missing, memory)
        for path, place in found.places.items():
            places[rows[path]], origin[rows[path]] = place, name
        if found.places or found.problems:
            report[name] = {"found": len(found.places), "problems": found.problems[:MOST_LISTED]}
    return report


def place_files(root: Path, sources: Sequence[str]) -> list[Path]:
    """Files beside the recordings that the sources read, sorted."""
    return sorted({path for n in sources for path in place_registry.get(n)().side_files(root)})
