"""FiftyOne similarity backend `exact`: cosine by one matrix product, the same for ids and vectors.

It is the default because FiftyOne's own sklearn backend centres its vectors in place on the first
query by id, so that later queries by vector compare uncentred with centred ones
(voxel51/fiftyone-brain#258). Nothing here is ever mutated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from fiftyone.brain.internal.core.sklearn import (
    SklearnSimilarity,
    SklearnSimilarityConfig,
    SklearnSimilarityIndex,
)

from audio_assets.explore.cosine import block_rows, cosine_distances, nearest, unit_rows


class ExactConfig(SklearnSimilarityConfig):
    """Configuration of the backend; the metric is always cosine."""

    @property
    def method(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return "exact"

    @property
    def supported_aggregations(self) -> tuple[str, ...]:
        return ("mean",)


class Exact(SklearnSimilarity):
    """Factory that FiftyOne finds beside the configuration."""

    def initialize(self, samples: Any, brain_key: str) -> ExactIndex:
        return ExactIndex(samples, self.config, brain_key, backend=self)


class ExactIndex(SklearnSimilarityIndex):
    """Exact cosine neighbours within the current view, for ids, vectors and the whole index."""

    _units: tuple[np.ndarray, np.ndarray] | None = None

    def _kneighbors(
        self,
        query: Any = None,
        k: int | None = None,
        reverse: bool = False,
        aggregation: str | None = None,
        return_dists: bool = False,
    ) -> Any:
        """Neighbours, nearest first (farthest first with `reverse`); see the base class."""
        if query is None:
            return self._every(k, return_dists)
        vectors, _, _, single = self._parse_neighbors_query(query)
        if aggregation is not None:
            vectors, single = np.asarray(vectors).mean(axis=0, keepdims=True), True
        positions, distances = [], []
        for row in cosine_distances(np.asarray(vectors), self._current_units()):
            chosen = nearest(row, k, farthest=reverse)
            positions.append(chosen)
            distances.append(row[chosen].astype(float))
        return self._format_output(
            positions, distances if return_dists else None, False, single, return_dists
        )

    def _radius_neighbors(
        self, query: Any = None, thresh: float | None = None, return_dists: bool = False
    ) -> Any:
        """Neighbours within a cosine distance; see the base class."""
        limit = np.inf if thresh is None else thresh
        if query is None:
            rows, single = self._blocks(), False
        else:
            vectors, _, _, single = self._parse_neighbors_query(query)
            rows = iter(cosine_distances(np.asarray(vectors), self._current_units()))
        positions, distances = [], []
        for row in rows:
            chosen = np.flatnonzero(row <= limit)
            positions.append(chosen)
            distances.append(row[chosen].astype(float))
        return self._format_output(
            positions, distances if return_dists else None, query is None, single, return_dists
        )

    def _every(self, k: int | None, return_dists: bool) -> Any:
        """Neighbours of every vector of the view, itself excluded."""
        positions, distances = [], []
        for row in self._blocks():
            chosen = nearest(row, k)
            chosen = chosen[np.isfinite(row[chosen])]
            positions.append(chosen)
            distances.append(row[chosen].astype(float))
        return self._format_output(
            positions, distances if return_dists else None, True, False, return_dists
        )

    def _blocks(self) -> Iterator[np.ndarray]:
        """Distances of each vector to all of the view [N], infinite to itself, block by block."""
        units = self._current_units()
        step = block_rows(len(units))
        for start in range(0, len(units), step):
            for offset, row in enumerate(cosine_distances(units[start : start + step], units)):
                row[start + offset] = np.inf
                yield row

    def _current_units(self) -> np.ndarray:
        """Unit vectors of the current view, float32 [N, D]."""
        if self._units is None or self._units[0] is not self._embeddings:
            vectors = np.asarray(self._embeddings)
            self._units = (self._embeddings, unit_rows(vectors.reshape(len(vectors), -1)))
        keep = self._current_inds
        return self._units[1] if keep is None else self._units[1][keep]
