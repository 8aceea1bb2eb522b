"""Places in SigMF metadata beside recordings: `core:geolocation`, a GeoJSON point."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audio_assets.loaders.base import is_inside
from audio_assets.loaders.places.source import Found, Unplaced, is_place

SUFFIX = ".sigmf-meta"


class SigmfPlaces:
    """`<recording stem>.sigmf-meta`: its global geolocation, else that of its first capture."""

    def side_files(self, root: Path) -> list[Path]:
        """All SigMF metadata files below the folder, sorted."""
        return sorted(path for path in root.rglob(f"*{SUFFIX}") if is_inside(path, root))

    def locate(self, root: Path, recordings: Sequence[Unplaced], memory: Path | None) -> Found:
        """Read the metadata beside each recording; see `PlaceSource`."""
        found = Found()
        for recording in recordings:
            path = (root / recording.path).with_suffix(SUFFIX)
            if not path.is_file() or not is_inside(path, root):
                continue
            try:
                place = geolocation(json.loads(path.read_text("utf-8")))
            except (OSError, ValueError, AttributeError, TypeError) as error:
                found.problems.append(f"{path.relative_to(root)} is no SigMF metadata: {error}.")
                continue
            if place is not None:
                found.places[recording.path] = place
        return found


def geolocation(metadata: dict[str, Any]) -> tuple[float, float] | None:
    """Latitude and longitude of SigMF metadata, or None (SigMF 1.2, core namespace).

    Raises:
        ValueError, TypeError, AttributeError: when it is not shaped like SigMF.
    """
    for part in (metadata.get("global", {}), *metadata.get("captures", [])[:1]):
        point = part.get("core:geolocation")
        if point is None:
            continue
        longitude, latitude = (float(number) for number in point["coordinates"][:2])
        if is_place(latitude, longitude):
            return latitude, longitude
    return None
