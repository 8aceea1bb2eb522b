"""Outlier scores of windows: how much thinner the space is around one than around its neighbours.

The local outlier factor (Breunig et al. 2000, "LOF: identifying density-based local outliers") on
our exact neighbours, so that every method of clustering has the same scores, and so that windows
that were not among those compared can be scored by them. Equal to scikit-learn's, by a test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_assets.analysis.neighbours import neighbour_graph, unit_rows

NEIGHBOURS = 20
DECIMALS = 4  # of unit vectors, to which identical sounds give identical vectors
FLOOR = 0.01
"""Distances below this share of the median neighbourhood count as equal to it, so that a window
beside a few that are almost identical is not infinitely thin."""
TINY = 1e-10  # as in scikit-learn


@dataclass(frozen=True)
class Surroundings:
    """How thin the space is around each of n different unit vectors.

    Attributes:
        units: float32 [n, D].
        reach: float64 [n], the chord to the farthest of a window's neighbours.
        density: float64 [n], local reachability density.
        neighbours: that were compared with.
        floor: shortest distance that counts.
    """

    units: np.ndarray
    reach: np.ndarray
    density: np.ndarray
    neighbours: int
    floor: float

    def scores(self, rows: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Score other windows among these, as `outlier_scores` does.

        Args:
            rows: int [q, k], their nearest of these.
            distance: float [q, k], in cosine.

        Returns:
            float32 [q].
        """
        chord = np.maximum(np.sqrt(2.0 * distance.astype(np.float64)), self.floor)
        own = _density(np.maximum(chord, self.reach[rows]))
        return _score(self.density[rows].mean(axis=1) / own).astype(np.float32)


def outlier_scores(vectors: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Score every vector by the chord distance of unit vectors, which orders as cosine does.

    Identical vectors (digital silence) count as one, or everything near them would seem thin; the
    more copies there are, the smaller their score, down to 0 for more than `neighbours`.

    Args:
        vectors: float [N, D].
        neighbours: that are compared with; at most the number of different vectors less one.

    Returns:
        float32 [N], 1 - 1/LOF, at least 0, below 1: 0 where the space is as dense as around the
        neighbours, 0.5 where it is half as dense. All 0 below three different vectors.
    """
    return scores_and_surroundings(vectors, neighbours)[0]


def scores_and_surroundings(
    vectors: np.ndarray, neighbours: int = NEIGHBOURS
) -> tuple[np.ndarray, Surroundings | None]:
    """As `outlier_scores`, and what other windows are scored by (None below three vectors)."""
    units = unit_rows(vectors)
    if not units.size:
        return np.zeros(len(units), np.float32), None
    _, first, member, copies = np.unique(
        np.round(units, DECIMALS), axis=0, return_index=True, return_inverse=True,
        return_counts=True,
    )  # fmt: skip
    if len(first) < 3:
        return np.zeros(len(units), np.float32), None
    scores, around = _of_different(units[first], neighbours)
    scores = scores * np.clip(1.0 - (copies - 1) / neighbours, 0.0, 1.0)
    return scores[member.ravel()].astype(np.float32), around


def _of_different(units: np.ndarray, neighbours: int) -> tuple[np.ndarray, Surroundings]:
    count = min(neighbours, len(units) - 1)
    indices, cosine = neighbour_graph(units, count + 1)
    indices, chord = indices[:, 1:], np.sqrt(2.0 * cosine[:, 1:].astype(np.float64))
    floor = FLOOR * float(np.median(chord[:, -1]))
    chord = np.maximum(chord, floor)
    reach = chord[:, -1]
    density = _density(np.maximum(chord, reach[indices]))
    around = Surroundings(units, reach, density, count, floor)
    return _score(density[indices].mean(axis=1) / density), around


def _density(reachability: np.ndarray) -> np.ndarray:
    """Local reachability density of points, from their reachability distances [n, k]."""
    return 1.0 / (reachability.mean(axis=1) + TINY)


def _score(factor: np.ndarray) -> np.ndarray:
    """1 - 1/LOF, at least 0."""
    return np.maximum(0.0, 1.0 - 1.0 / factor)
