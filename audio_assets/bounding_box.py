"""Boxes of latitude and longitude: the one test of place behind the App, the API and exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audio_assets.errors import UsageError


@dataclass(frozen=True)
class BoundingBox:
    """A box in degrees (WGS 84), edges included, in GeoJSON's order (RFC 7946, section 5).

    Its sides are parallels and meridians, not great circles. A box whose west is greater than its
    east crosses the 180th meridian, which is one meridian under its two names.

    Raises:
        UsageError: when the four numbers are no box.
    """

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (
            -90 <= self.south <= self.north <= 90
            and -180 <= self.west <= 180
            and -180 <= self.east <= 180
        ):
            raise UsageError(
                f"west={self.west:g}, south={self.south:g}, east={self.east:g}, "
                f"north={self.north:g} is no box: expected degrees, south ≤ north within ±90, "
                "west and east within ±180."
            )

    @classmethod
    def of(cls, numbers: Sequence[float] | str) -> BoundingBox:
        """From west, south, east, north; a text has commas between them."""
        try:
            parts = numbers.split(",") if isinstance(numbers, str) else numbers
            west, south, east, north = (float(part) for part in parts)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{numbers} is no box: expected WEST,SOUTH,EAST,NORTH.") from error
        return cls(west, south, east, north)

    @property
    def spans(self) -> tuple[tuple[float, float], ...]:
        """Closed intervals of longitudes from -180 to 180 that together are the box's width."""
        if self.west > self.east:
            return ((self.west, 180.0), (-180.0, self.east))
        other_name = [(-e, -e) for e in (self.west, self.east) if abs(e) == 180]
        return ((self.west, self.east), *other_name)

    def contains(self, lat: float | None, lon: float | None) -> bool:
        """Whether a place lies in the box; one without coordinates does not."""
        if lat is None or lon is None or not self.south <= lat <= self.north:
            return False
        return any(west <= lon <= east for west, east in self.spans)

    def mask(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Which places lie in the box: bool [N]; NaN does not."""
        across = np.any([(lon >= west) & (lon <= east) for west, east in self.spans], axis=0)
        return (lat >= self.south) & (lat <= self.north) & across
