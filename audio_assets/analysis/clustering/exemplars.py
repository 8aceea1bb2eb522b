"""Exemplars: the windows that stand for a cluster, its medoid first."""

from __future__ import annotations

import numpy as np

EXEMPLARS = 5
LARGE = 10_000
"""Members of a larger cluster are compared with this many of it, taken at equal steps."""


def exemplar_ranks(space: np.ndarray, labels: np.ndarray, count: int = EXEMPLARS) -> np.ndarray:
    """Rank the most central windows of each cluster.

    The medoid is the member with the smallest mean Euclidean distance to the others (Kaufman and
    Rousseeuw 1987); the exemplars after it have the next smallest.

    Args:
        space: float [N, d], in which was clustered.
        labels: int [N]; -1 is noise, which has no exemplars.
        count: exemplars per cluster; fewer where it has fewer members.

    Returns:
        int32 [N]: 0 for a medoid, 1 to count - 1 for the next ones, -1 for all other windows.
    """
    ranks = np.full(len(labels), -1, np.int32)
    for cluster in range(int(labels.max(initial=-1)) + 1):
        members = np.flatnonzero(labels == cluster)
        nearest = np.argsort(mean_distances(space[members]), kind="stable")[:count]
        ranks[members[nearest]] = np.arange(len(nearest))
    return ranks


def mean_distances(points: np.ndarray) -> np.ndarray:
    """Mean Euclidean distance of each point to all of them, float64 [n], in bounded memory."""
    from sklearn.metrics import pairwise_distances_chunked

    if not len(points):
        return np.zeros(0)
    among = points[:: -(-len(points) // LARGE)].astype(np.float64)
    means = pairwise_distances_chunked(
        points.astype(np.float64), among, reduce_func=lambda rows, _: rows.mean(axis=1)
    )
    return np.concatenate(list(means))
