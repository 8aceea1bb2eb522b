"""FiftyOne's sklearn similarity backend, made right for ids and for vectors.

Upstream centres its vectors in place when it is first asked by id, and never the queries
(voxel51/fiftyone-brain#258): the same query by vector has another answer afterwards (recall@20 of
0.6 against exact cosine). Storing centred vectors and centring every query would agree with
itself, but not with plain cosine, and not with the vectors that other tools read from the data
set. So here only the neighbour graph is replaced: sklearn's brute-force cosine over the vectors as
they are, for both kinds of query. It also never builds upstream's N × N matrix (2.6 GB at 14,000).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from fiftyone.brain.internal.core.sklearn import (
    SklearnSimilarity,
    SklearnSimilarityConfig,
    SklearnSimilarityIndex,
)
from sklearn.neighbors import NearestNeighbors


class SklearnConfig(SklearnSimilarityConfig):
    """Configuration of the backend."""


class Sklearn(SklearnSimilarity):
    """Factory that FiftyOne finds beside the configuration."""

    def initialize(self, samples: Any, brain_key: str) -> SklearnIndex:
        return SklearnIndex(samples, self.config, brain_key, backend=self)


class SklearnIndex(SklearnSimilarityIndex):
    """Upstream's index over vectors that stay as they are."""

    _graph: tuple[np.ndarray, Any, NearestNeighbors] | None = None

    def _kneighbors(
        self,
        query: Any = None,
        k: int | None = None,
        reverse: bool = False,
        aggregation: str | None = None,
        return_dists: bool = False,
    ) -> Any:
        """Neighbours; see the base class. Only `k` is bounded by the size of the view here."""
        if k is None and aggregation is None:
            k = self.index_size
        if k is not None:
            k = min(k, self.index_size - 1 if query is None else self.index_size)
        return super()._kneighbors(
            query=query, k=k, reverse=reverse, aggregation=aggregation, return_dists=return_dists
        )

    def _get_neighbors(self, can_use_neighbors: bool = True, can_use_dists: bool = True) -> Any:
        """A neighbour graph over unchanged vectors, and no matrix of distances."""
        if not can_use_neighbors:
            return None, None
        keep = self._current_inds
        graph = self._graph
        if graph is None or graph[0] is not self._embeddings or not _same(graph[1], keep):
            vectors = self._embeddings if keep is None else self._embeddings[keep]
            config: Any = self.config
            fitted = NearestNeighbors(metric=config.metric, algorithm="brute").fit(vectors)
            graph = self._graph = (self._embeddings, keep, fitted)
        return graph[2], None


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))
