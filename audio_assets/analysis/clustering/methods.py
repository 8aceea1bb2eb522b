"""The clustering itself: UMAP if asked for, then HDBSCAN, k-means or agglomerative clustering."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_assets.analysis.clustering.parameters import ClusterParameters
from audio_assets.analysis.neighbours import unit_rows
from audio_assets.analysis.umap_layout import SMALLEST, umap_layout
from audio_assets.errors import UsageError

AGGLOMERATIVE_WINDOWS = 20_000
"""Agglomerative clustering holds all pairs of windows: 1.6 GB at this many."""


@dataclass(frozen=True)
class Clustering:
    """Clusters of N windows.

    Attributes:
        labels: int32 [N]; numbered by size, the largest 0 (equal sizes by their first window), so
            that the numbers mean something and stay put; -1 is noise.
        probabilities: float32 [N], 0 to 1. HDBSCAN's own; for the other methods the simplified
            silhouette 1 - a/b of the distances to the own and to the nearest other centroid
            (Hruschka et al. 2006).
        space: float32 [N, d], in which was clustered, in Euclidean distance.
        used: the parameters really used, which shrink with N.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    space: np.ndarray
    used: dict[str, Any]


def refuse_too_many(count: int, params: ClusterParameters) -> None:
    """Refuse what would need memory for all pairs of windows.

    Raises:
        UsageError: too many windows for agglomerative clustering.
    """
    if params.method == "agglomerative" and count > AGGLOMERATIVE_WINDOWS:
        raise UsageError(
            f"Agglomerative clustering compares all pairs of windows, and {count:,} are too many "
            f"(at most {AGGLOMERATIVE_WINDOWS:,}). Use hdbscan or kmeans, or fewer recordings."
        )


def cluster_vectors(vectors: np.ndarray, params: ClusterParameters) -> Clustering:
    """Cluster vectors by their directions; the same seed gives the same clusters.

    Args:
        vectors: float32 [N, D].
        params: method and parameters. HDBSCAN's smallest cluster is at most half of the windows,
            the UMAP has at most N - 2 dimensions; fewer than four windows are all noise.

    Raises:
        UsageError: too many windows for agglomerative clustering.
    """
    count = len(vectors)
    if count < SMALLEST:
        labels, probabilities = np.full(count, -1, np.int32), np.zeros(count, np.float32)
        nothing = {"method": "none: fewer than 4 windows"}
        return Clustering(labels, probabilities, unit_rows(vectors), nothing)
    refuse_too_many(count, params)
    space, layout = _space(vectors, params)
    if params.method == "hdbscan":
        labels, probabilities, used = _hdbscan(space, params)
    else:
        labels, used = _partition(space, params)
        probabilities = _centroid_margins(space, labels)
    used = {"layout": layout, "method": params.method, **used}
    return Clustering(by_size(labels), probabilities, space, used)


def _space(vectors: np.ndarray, params: ClusterParameters) -> tuple[np.ndarray, dict[str, object]]:
    if params.umap_dimensions is None:
        return unit_rows(vectors), {"method": "none", "dimensions": vectors.shape[1]}
    return umap_layout(
        vectors,
        dimensions=min(params.umap_dimensions, len(vectors) - 2),
        n_neighbors=params.n_neighbors,
        min_dist=0.0,
        seed=params.seed,
    )


def _hdbscan(
    space: np.ndarray, params: ClusterParameters
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """HDBSCAN (Campello et al. 2013) by scikit-learn."""
    from sklearn.cluster import HDBSCAN

    size = max(2, min(params.min_cluster_size, len(space) // 2))
    samples = None if params.min_samples is None else min(params.min_samples, len(space))
    options: dict[str, Any] = {"min_cluster_size": size, "min_samples": samples}
    model = HDBSCAN(**options, n_jobs=1, copy=True)  # pyright: ignore[reportArgumentType]
    model.fit(space)
    probabilities = np.nan_to_num(np.asarray(model.probabilities_, np.float32))
    return model.labels_, probabilities, {"min_cluster_size": size, "min_samples": samples or size}


def _partition(space: np.ndarray, params: ClusterParameters) -> tuple[np.ndarray, dict[str, Any]]:
    """k-means (ten starts) or agglomerative clustering by scikit-learn, in one thread."""
    from sklearn.cluster import AgglomerativeClustering, KMeans
    from threadpoolctl import threadpool_limits

    count = min(params.n_clusters, len(np.unique(space, axis=0)))
    used: dict[str, Any] = {"n_clusters": count}
    model: Any
    if params.method == "kmeans":
        model = KMeans(count, n_init=10, random_state=params.seed)  # pyright: ignore[reportArgumentType]
        used["seed"] = params.seed
    else:
        model = AgglomerativeClustering(count, linkage=params.linkage)
        used["linkage"] = params.linkage
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer distinct points than clusters are counted above
        return model.fit(space).labels_, used


def _centroid_margins(space: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """1 - (distance to the own centroid) / (to the nearest other), float32 [N], 0 to 1."""
    from sklearn.metrics import pairwise_distances

    centroids = np.stack([space[labels == c].mean(axis=0) for c in range(labels.max() + 1)])
    distance = pairwise_distances(space, centroids)
    rows = np.arange(len(space))
    own = distance[rows, labels].copy()
    distance[rows, labels] = np.inf
    other = distance.min(axis=1)
    share = np.divide(own, other, out=np.zeros_like(own), where=other > 0)
    return np.clip(1.0 - share, 0.0, 1.0).astype(np.float32)


def by_size(labels: np.ndarray) -> np.ndarray:
    """Renumber clusters by descending size, then by first appearance; int32 [N], -1 stays."""
    names, first, sizes = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    numbers = np.full(len(names) + 1, -1, np.int32)
    numbers[names[np.lexsort((first, -sizes))]] = np.arange(len(names))
    return numbers[labels]
