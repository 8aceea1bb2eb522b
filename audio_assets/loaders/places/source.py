"""What a source of places is, and the registry of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from audio_assets.plugins import Registry


@dataclass(frozen=True)
class Unplaced:
    """A recording that has no place yet.

    Attributes:
        path: relative to the folder.
        start_time: UTC, or None.
        row: its metadata, by column.
    """

    path: str
    start_time: datetime | None = None
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Found:
    """What a source found.

    Attributes:
        places: path → (latitude, longitude) in degrees, WGS 84.
        problems: sentences on what could not be read or asked, with cause and remedy.
    """

    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class PlaceSource(Protocol):
    """Finds places; reads only below the folder, and asks a network only where its name says so."""

    def side_files(self, root: Path) -> list[Path]:
        """Files beside the recordings that it reads; their bytes enter the folder's version."""
        ...

    def locate(self, root: Path, recordings: Sequence[Unplaced], memory: Path | None) -> Found:
        """Find places.

        Args:
            root: the folder.
            recordings: those without a place.
            memory: file to remember a network's answers in; None to remember nothing.

        Returns:
            Places of those that it knows, and what went wrong. It does not raise for one of them.
        """
        ...


place_registry: Registry[type[PlaceSource]] = Registry(
    "places",
    {
        "file_tags": "audio_assets.loaders.places.file_tags:FileTags",
        "sigmf": "audio_assets.loaders.places.sigmf:SigmfPlaces",
        "gpx": "audio_assets.loaders.places.gpx:GpxTracks",
        "geocoder": "audio_assets.loaders.places.geocoder:Geocoder",
        "freesound": "audio_assets.loaders.places.freesound:Freesound",
    },
)

LOCAL = ("file_tags", "sigmf", "gpx")
"""Sources that read files only: the default of a folder."""


def is_place(latitude: float, longitude: float) -> bool:
    """Whether two numbers are degrees of a place; (0, 0) is what receivers without a fix write."""
    inside = -90 <= latitude <= 90 and -180 <= longitude <= 180
    return inside and (latitude, longitude) != (0.0, 0.0)
