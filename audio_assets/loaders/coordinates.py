"""Invented coordinates, clustered by category, for a map where a data set has none."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np

SPREAD_KM = 30.0
KM_PER_DEGREE = 111.32


def synthetic_coordinates(
    labels: Sequence[str | None], keys: Sequence[str], seed: int = 51
) -> np.ndarray:
    """A place for each recording: near the centre of its category.

    Depends only on (label, key, seed), so neither on the order nor on the other recordings, and
    is the same on every machine.

    Args:
        labels: category of each recording; None counts as one of its own.
        keys: its relative path.
        seed: another seed gives another map.

    Returns:
        float64 [N, 2]: latitude in [-60, 70] and longitude in [-180, 180), in degrees.
    """
    places = np.empty((len(keys), 2))
    for row, (label, key) in enumerate(zip(labels, keys, strict=True)):
        centre_lat, centre_lon = _uniform(f"{seed}|centre|{label}")
        distance, angle = _uniform(f"{seed}|place|{label}|{key}")
        lat = math.degrees(math.asin(centre_lat * 1.7 - 0.8))
        km = SPREAD_KM * math.sqrt(-2 * math.log(1 - distance * 0.99))
        turn = 2 * math.pi * angle
        north = km * math.cos(turn) / KM_PER_DEGREE
        east = km * math.sin(turn) / (KM_PER_DEGREE * math.cos(math.radians(lat)))
        places[row, 0] = min(89.0, max(-89.0, lat + north))
        places[row, 1] = (centre_lon * 360 + east) % 360 - 180
    return places


def _uniform(text: str) -> tuple[float, float]:
    """Two numbers in [0, 1) from a text."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
    first, second = (int.from_bytes(digest[at : at + 7], "big") for at in (0, 7))
    return first / 2**56, second / 2**56
