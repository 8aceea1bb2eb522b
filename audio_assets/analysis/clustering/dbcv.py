"""DBCV: how dense clusters are inside, compared with the gaps between them.

Moulavi, Jaskowiak, Campello, Zimek and Sander 2014, "Density-based clustering validation", SDM.
scikit-learn has no such index.
"""

from __future__ import annotations

import numpy as np


def dbcv(space: np.ndarray, labels: np.ndarray) -> float:
    """The index of a clustering, weighted by the sizes of its clusters; noise counts as 0.

    Takes O(n²) time and memory in the largest cluster. As in the authors' code and in the package
    hdbscan, edges between inner nodes of the minimum spanning tree count, all edges where a tree
    has no such edge, and distances of 0 do not enter the density of a point.

    Args:
        space: float [N, d]; Euclidean.
        labels: int [N]; -1 is noise.

    Returns:
        -1 (bad) to 1 (dense clusters, far apart); NaN with fewer than two clusters.
    """
    space = np.asarray(space, np.float64)
    clusters = [space[labels == c] for c in np.unique(labels[labels >= 0])]
    clusters = [points for points in clusters if len(points) > 1]
    if len(clusters) < 2:
        return float("nan")
    sparseness, inner, cores = [], [], []
    for points in clusters:
        largest, nodes, core = _within(points)
        sparseness.append(largest)
        inner.append(points[nodes])
        cores.append(core[nodes])
    gaps = np.full((len(clusters), len(clusters)), np.inf)
    for i in range(len(clusters)):
        for j in range(i):
            gaps[i, j] = gaps[j, i] = _separation(inner[i], cores[i], inner[j], cores[j])
    separation, dense = gaps.min(axis=1), np.array(sparseness)
    worst = np.maximum(separation, dense)
    validity = np.divide(separation - dense, worst, out=np.zeros_like(worst), where=worst > 0)
    sizes = np.array([len(points) for points in clusters])
    return float((sizes * validity).sum() / len(labels))


def _within(points: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Density sparseness of a cluster, its inner nodes, and the core distances of all its points.

    Args:
        points: float64 [n, d], n at least 2.
    """
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial.distance import cdist

    distance = cdist(points, points)
    core = _core_distances(distance, points.shape[1])
    reach = np.maximum(np.maximum(distance, core[:, None]), core[None, :])
    tree = minimum_spanning_tree(np.maximum(reach, np.finfo(float).tiny)).tocoo()
    if not tree.nnz:  # all of them are the same point, and no edge counts as one
        return 0.0, np.arange(len(points)), core
    degree = np.bincount(np.concatenate([tree.row, tree.col]), minlength=len(points))
    nodes = np.flatnonzero(degree > 1)
    between_inner = (degree[tree.row] > 1) & (degree[tree.col] > 1)
    edges = tree.data[between_inner] if between_inner.any() else tree.data
    return float(edges.max()), nodes if len(nodes) else np.arange(len(points)), core


def _core_distances(distance: np.ndarray, dimensions: int) -> np.ndarray:
    """All-points core distance: ((Σ d⁻ᴰ) / (n - 1))^(-1/D), in logarithms since D can be large."""
    from scipy.special import logsumexp

    with np.errstate(divide="ignore"):
        logs = np.where(distance > 0, -dimensions * np.log(distance), -np.inf)
    sums = logsumexp(logs, axis=1) - np.log(len(distance) - 1)
    return np.where(
        np.isfinite(sums), np.exp(-np.where(np.isfinite(sums), sums, 0) / dimensions), 0
    )


def _separation(a: np.ndarray, core_a: np.ndarray, b: np.ndarray, core_b: np.ndarray) -> float:
    """Smallest mutual reachability distance between inner nodes of two clusters."""
    from scipy.spatial.distance import cdist

    reach = np.maximum(np.maximum(cdist(a, b), core_a[:, None]), core_b[None, :])
    return float(reach.min())
