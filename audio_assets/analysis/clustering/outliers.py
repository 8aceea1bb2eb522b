"""Outlier scores of windows: how much thinner the space is around one than around its neighbours.

The local outlier factor (Breunig et al. 2000, "LOF: identifying density-based local outliers"), by
scikit-learn on our exact neighbours, so that every method of clustering has the same scores.
"""

from __future__ import annotations

import numpy as np

from audio_assets.analysis.neighbours import neighbour_graph, unit_rows

NEIGHBOURS = 20
DECIMALS = 4  # of unit vectors, to which identical sounds give identical vectors
FLOOR = 0.01
"""Distances below this share of the median neighbourhood count as equal to it, so that a window
beside a few that are almost identical is not infinitely thin."""


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
    units = unit_rows(vectors)
    if not units.size:
        return np.zeros(len(units), np.float32)
    _, first, member, copies = np.unique(
        np.round(units, DECIMALS), axis=0, return_index=True, return_inverse=True,
        return_counts=True,
    )  # fmt: skip
    scores = _scores_of_different(units[first], neighbours)
    scores = scores * np.clip(1.0 - (copies - 1) / neighbours, 0.0, 1.0)
    return scores[member.ravel()].astype(np.float32)


def _scores_of_different(units: np.ndarray, neighbours: int) -> np.ndarray:
    count = len(units)
    if count < 3:
        return np.zeros(count)
    indices, cosine = neighbour_graph(units, min(neighbours, count - 1) + 1)
    chord = np.sqrt(2.0 * cosine.astype(np.float64))
    floor = FLOOR * float(np.median(chord[:, -1]))
    chord[:, 1:] = np.maximum(chord[:, 1:], floor)
    return np.maximum(0.0, 1.0 - 1.0 / _local_outlier_factor(indices, chord))


def _local_outlier_factor(indices: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """LOF, float64 [N], from the graph of neighbours [N, k + 1], the first being the point."""
    from scipy.sparse import csr_matrix
    from sklearn.neighbors import LocalOutlierFactor

    count, width = indices.shape
    offsets = np.arange(0, count * width + 1, width)
    graph = csr_matrix((distances.ravel(), indices.ravel(), offsets), shape=(count, count))
    model = LocalOutlierFactor(n_neighbors=width - 1, metric="precomputed").fit(graph)
    return -model.negative_outlier_factor_
