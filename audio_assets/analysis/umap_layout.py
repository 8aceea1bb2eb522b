"""UMAP (McInnes et al. 2018, arXiv:1802.03426) by umap-learn, seeded, on exact neighbours."""

from __future__ import annotations

import logging
import warnings
from types import ModuleType

import numpy as np

from audio_assets.analysis.compiled import keep_compiled
from audio_assets.analysis.neighbours import neighbour_graph

logger = logging.getLogger(__name__)

SMALLEST = 4
"""With fewer points than this there is no neighbourhood to preserve; the layout is a PCA."""


def umap_layout(
    vectors: np.ndarray, *, dimensions: int, n_neighbors: int, min_dist: float, seed: int
) -> tuple[np.ndarray, dict[str, object]]:
    """Lay vectors out by UMAP in cosine distance; every number of points works.

    The neighbour graph is exact (our own matrix product), so pynndescent never runs and the result
    does not depend on its random trees; umap-learn runs in one thread with a fixed seed, which
    makes it deterministic. With fewer than four points, or when all vectors are equal, the layout
    is a PCA (zeros where that has nothing to say).

    Args:
        vectors: float32 [N, D].
        dimensions: of the layout.
        n_neighbors: neighbours, at least 2; at most N - 1 are used.
        min_dist: smallest distance between points of the layout, 0 to 1.
        seed: of the random numbers.

    Returns:
        (layout float32 [N, dimensions], the values used: method, n_neighbors, dimensions).
    """
    count = len(vectors)
    if count < SMALLEST or _all_equal(vectors):
        return pca_layout(vectors, dimensions), {"method": "pca", "dimensions": dimensions}
    neighbours = min(n_neighbors, count - 1)
    umap = _umap_with_cache()
    indices, distances = neighbour_graph(vectors, neighbours)
    model = umap.UMAP(
        n_components=dimensions,
        n_neighbors=neighbours,
        min_dist=min_dist,
        metric="cosine",
        init="spectral" if count > dimensions + 2 else "random",
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(indices, distances, None),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layout = np.asarray(model.fit_transform(np.asarray(vectors, np.float32)), np.float32)
    if not np.isfinite(layout).all():
        logger.warning("UMAP gave coordinates that are not finite; a PCA is used instead.")
        return pca_layout(vectors, dimensions), {"method": "pca", "dimensions": dimensions}
    return layout, {"method": "umap", "n_neighbors": neighbours, "dimensions": dimensions}


def pca_layout(vectors: np.ndarray, dimensions: int) -> np.ndarray:
    """Principal components with signs fixed; zeros beyond the rank.

    Args:
        vectors: float32 [N, D].
        dimensions: of the layout.

    Returns:
        float32 [N, dimensions].
    """
    layout = np.zeros((len(vectors), dimensions), np.float32)
    if len(vectors) < 2 or not vectors.shape[1]:
        return layout
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    left, size, _ = np.linalg.svd(centred, full_matrices=False)
    n = min(dimensions, len(size))
    scores = left[:, :n] * size[:n]
    scores[:, size[:n] <= 1e-9 * max(float(size[0]), 1e-30)] = 0
    largest = np.take_along_axis(scores, np.abs(scores).argmax(axis=0)[None], axis=0)
    layout[:, :n] = scores * np.where(largest < 0, -1, 1)
    return layout


def _all_equal(vectors: np.ndarray) -> bool:
    return bool((vectors == vectors[:1]).all())


def _umap_with_cache() -> ModuleType:
    """Import umap-learn and let numba keep its compiled functions on disk.

    umap-learn compiles eight seconds of functions in every process (measured on 2 cores); with
    numba's own file cache the second process needs half a second.
    """
    import umap.layouts
    import umap.spectral
    import umap.umap_
    import umap.utils
    from numba.core.dispatcher import Dispatcher

    for module in (umap.umap_, umap.layouts, umap.utils, umap.spectral):
        keep_compiled(
            function
            for function in vars(module).values()
            if isinstance(function, Dispatcher) and function.py_func.__module__ == module.__name__
        )
    return umap.umap_
