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
        """Score other windows among these, before copies count.

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
    scores, _ = raw_scores(vectors, neighbours)
    copies = copies_among(fingerprints(unit_rows(vectors)))
    return discounted(scores, copies, neighbours)


def raw_scores(
    vectors: np.ndarray, neighbours: int = NEIGHBOURS
) -> tuple[np.ndarray, Surroundings | None]:
    """Scores before copies count, and what other windows are scored by.

    Returns:
        (float32 [N], the surroundings of the different vectors; None below three of them).
    """
    units = unit_rows(vectors)
    if not units.size:
        return np.zeros(len(units), np.float32), None
    _, first, member = np.unique(fingerprints(units), return_index=True, return_inverse=True)
    if len(first) < 3:
        return np.zeros(len(units), np.float32), None
    scores, around = _of_different(units[first], neighbours)
    return scores[member.ravel()].astype(np.float32), around


def fingerprints(units: np.ndarray) -> np.ndarray:
    """A number per unit vector, equal for those that are equal but for rounding; uint64 [n]."""
    rounded = np.round(units * 10**DECIMALS).astype(np.int64).view(np.uint64)
    factors = np.random.default_rng(0).integers(1, 2**63, units.shape[1], np.uint64) | np.uint64(1)
    mixed = np.zeros(len(units), np.uint64)
    for start in range(0, units.shape[1], 64):
        part = slice(start, start + 64)
        mixed += (rounded[:, part] * factors[part]).sum(axis=1, dtype=np.uint64)
    return mixed


def copies_among(prints: np.ndarray) -> np.ndarray:
    """How many windows are equal to each, itself included, int64 [N]."""
    _, member, counts = np.unique(prints, return_inverse=True, return_counts=True)
    return counts[member.ravel()] if len(prints) else np.zeros(0, np.int64)


def discounted(scores: np.ndarray, copies: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Scores, less the more copies of a window there are; float32 [N]."""
    return (scores * np.clip(1.0 - (copies - 1) / neighbours, 0.0, 1.0)).astype(np.float32)


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
