"""Places in SigMF metadata beside recordings: `core:geolocation`, a GeoJSON point."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from audio_assets.loaders.base import files_below
from audio_assets.loaders.places.source import Found, Unplaced, is_place

SUFFIX = ".sigmf-meta"
MISSHAPEN = (
    OSError, ValueError, AttributeError, TypeError, LookupError, RecursionError
)  # fmt: skip


class SigmfPlaces:
    """`<recording stem>.sigmf-meta`: its global geolocation, else that of its first capture."""

    def side_files(self, root: Path) -> list[Path]:
        """All SigMF metadata files below the folder, sorted."""
        return files_below(root, SUFFIX)

    def locate(self, root: Path, recordings: Sequence[Unplaced], memory: Path | None) -> Found:
        """Read the metadata beside each recording; see `PlaceSource`."""
        found = Found()
        beside = set(self.side_files(root))
        for recording in recordings if beside else ():
            path = (root / recording.path).with_suffix(SUFFIX)
            if path not in beside:
                continue
            try:
                metadata = json.loads(path.read_text("utf-8-sig"))
                place, odd = geolocation(metadata), misplaced(metadata)
            except MISSHAPEN as error:
                found.problems.append(f"{path.relative_to(root)} is no SigMF metadata: {error}.")
                continue
            if odd is not None:
                found.problems.append(f"{path.relative_to(root)}: {odd}.")
            if place is not None:
                found.places[recording.path] = place
        return found


def geolocation(metadata: dict[str, Any]) -> tuple[float, float] | None:
    """Latitude and longitude of SigMF metadata, or None (SigMF 1.2, core namespace).

    Raises:
        ValueError, TypeError, AttributeError, LookupError: when it is not shaped like SigMF.
    """
    places = ((latitude, longitude) for _, latitude, longitude in _points(metadata))
    return next((place for place in places if is_place(*place)), None)


def misplaced(metadata: dict[str, Any]) -> str | None:
    """What is wrong with the first geolocation that is no place on earth; None where all are.

    Raises:
        ValueError, TypeError, AttributeError, LookupError: as of `geolocation`.
    """
    for name, latitude, longitude in _points(metadata):
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            return (
                f"{name} core:geolocation is longitude {longitude:g}, latitude {latitude:g}; "
                "expected at most ±180 and ±90"
            )
    return None


def _points(metadata: dict[str, Any]) -> Iterator[tuple[str, float, float]]:
    """Where, latitude and longitude of the global object and the first capture."""
    first = metadata.get("captures", [])[:1]
    for name, part in zip(
        ("global", "captures[0]"), (metadata.get("global", {}), *first), strict=False
    ):
        point = part.get("core:geolocation")
        if point is not None:
            longitude, latitude = (_degrees(number) for number in point["coordinates"][:2])
            yield name, latitude, longitude


def _degrees(number: Any) -> float:
    """Infinity, which is no place, of a whole number beyond all floats."""
    try:
        return float(number)
    except OverflowError:
        return math.inf
