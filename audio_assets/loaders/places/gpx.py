"""Places from GPX tracks beside the recordings: where the recorder was when a recording began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from audio_assets.loaders.base import files_below
from audio_assets.loaders.places.source import Found, Unplaced

LONGEST_GAP_S = 600.0
"""A recording must begin within ten minutes of a point of the track."""


class GpxTracks:
    """Interpolates all `*.gpx` tracks of a folder at the start times of its recordings."""

    def side_files(self, root: Path) -> list[Path]:
        """All GPX files below the folder, sorted."""
        return files_below(root, ".gpx")

    def locate(self, root: Path, recordings: Sequence[Unplaced], memory: Path | None) -> Found:
        """Interpolate; recordings without a start time stay without a place; see `PlaceSource`."""
        found = Found()
        points: list[tuple[float, float, float]] = []
        for path in self.side_files(root):
            try:
                points += track_points(path)
            except ValueError as error:
                found.problems.append(f"{path.relative_to(root)} is no GPX track: {error}.")
        if not points:
            return found
        track = np.array(sorted(points))
        for recording in recordings:
            if recording.start_time is not None:
                place = place_at(track, recording.start_time.timestamp())
                if place is not None:
                    found.places[recording.path] = place
        return found


def track_points(path: Path) -> list[tuple[float, float, float]]:
    """(seconds since 1970, latitude, longitude) of every track or way point that has a time.

    Raises:
        ValueError: when it is no GPX.
    """
    import gpxpy
    from gpxpy.gpx import GPXException

    try:
        text = path.read_text("utf-8-sig")
        if "<!DOCTYPE" in text:
            raise ValueError("it has a document type, which GPX has not")
        read = gpxpy.parse(text)
    except (GPXException, OSError) as error:
        raise ValueError(str(error).strip().rstrip(".") or type(error).__name__) from error
    tracked = [point for point, *_ in read.walk()]
    return [
        (_seconds(point.time), point.latitude, point.longitude)
        for point in [*tracked, *read.waypoints]
        if point.time is not None
    ]


def place_at(track: np.ndarray, moment: float) -> tuple[float, float] | None:
    """Interpolate a track.

    Args:
        track: float64 [N, 3]: seconds, latitude, longitude, sorted by time.
        moment: seconds since 1970.

    Returns:
        Latitude and longitude; None where the nearest point is more than ten minutes away.
    """
    times = track[:, 0]
    if np.abs(times - moment).min() > LONGEST_GAP_S:
        return None
    after = int(np.searchsorted(times, moment))
    before = max(0, after - 1)
    after = min(after, len(times) - 1)
    span = times[after] - times[before]
    if span > 2 * LONGEST_GAP_S:
        nearest = before if moment - times[before] <= times[after] - moment else after
        return float(track[nearest, 1]), float(track[nearest, 2])
    share = 0.0 if span <= 0 else float(np.clip((moment - times[before]) / span, 0, 1))
    latitude = track[before, 1] + share * (track[after, 1] - track[before, 1])
    east = (track[after, 2] - track[before, 2] + 180) % 360 - 180
    longitude = (track[before, 2] + share * east + 180) % 360 - 180
    return float(latitude), float(longitude)


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
