"""FiftyOne's LanceDB backend over the index that a run built: no vector is copied.

FiftyOne's own class keeps a second table by sample id, reads all of it into memory to add, and
writes a further table for every view. Here the table is `analysis.vector_index`'s, found again from
the home, the checkpoint and the folder; sample ids become window ids on the way in and back; the
filter of a view and the search are one query.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from fiftyone.brain.internal.core.lancedb import (
    LanceDBSimilarity,
    LanceDBSimilarityConfig,
    LanceDBSimilarityIndex,
)

from audio_assets.analysis.vector_index import VectorIndex, index_directory
from audio_assets.errors import NotMaterializedError
from audio_assets.explore.similar_view import sample_ids
from audio_assets.home import Home

LISTED = 50_000
"""Views up to this many samples are listed in the query; beyond, more is fetched and sieved."""


class LanceConfig(LanceDBSimilarityConfig):
    """Which pair's index; the home is that of the process, never stored."""

    def __init__(
        self, checkpoint: str | None = None, folder: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.checkpoint = checkpoint
        self.folder = folder


class Lance(LanceDBSimilarity):
    """Factory that FiftyOne finds beside the configuration."""

    def initialize(self, samples: Any, brain_key: str) -> LanceIndex:
        return LanceIndex(samples, self.config, brain_key, backend=self)


class LanceIndex(LanceDBSimilarityIndex):
    """Cosine neighbours by sample id or vector, within the current view; nearest first only."""

    def _initialize(self) -> None:
        """Nothing is opened before the first question."""
        self._db = self._table = None

    @cached_property
    def vectors(self) -> VectorIndex:
        """The index on disk.

        Raises:
            NotMaterializedError: it is gone, or is not of the embeddings as they are now.
        """
        home: Home = Home.of()
        config: Any = self.config
        pair = {"checkpoint": config.checkpoint, "folder": config.folder}
        embeddings = home.asset("embeddings", **pair)
        directory = index_directory(home, **pair)
        found = VectorIndex.open_current(directory, embeddings)
        if found is None:
            raise NotMaterializedError(
                f"The LanceDB index of {config.folder!r} under {config.checkpoint!r} is missing "
                "or out of date, or the extra lancedb is not installed. Run the folder again."
            )
        return found

    @property
    def total_index_size(self) -> int:
        return len(self.vectors)

    def add_to_index(self, *_: Any, **__: Any) -> None:
        raise ValueError("Runs write this index; run the folder again to add recordings.")

    def remove_from_index(self, *_: Any, **__: Any) -> None:
        raise ValueError("Runs write this index; run the folder again to remove recordings.")

    def cleanup(self) -> None:
        """The index stays: it belongs to the run, not to the data set."""

    def get_embeddings(
        self, sample_ids: Any = None, label_ids: Any = None, allow_missing: bool = True,
        warn_missing: bool = False,
    ) -> Any:  # fmt: skip
        """Unit vectors of samples, float32 [n, dim], with their ids."""
        wanted = self._all_ids() if sample_ids is None else np.atleast_1d(sample_ids).tolist()
        found = self._windows_of(wanted)
        ids = [i for i in wanted if i in found]
        return self.vectors.vectors([found[i] for i in ids]), np.array(ids), None

    def _kneighbors(
        self,
        query: Any = None,
        k: int | None = None,
        reverse: bool = False,
        aggregation: str | None = None,
        return_dists: bool = False,
    ) -> Any:
        """Neighbours, nearest first; see the base class."""
        if query is None or reverse:
            raise ValueError("This index answers queries for the nearest samples only.")
        queries, single = self._queries(query)
        if aggregation == "mean":
            queries, single = queries.mean(axis=0, keepdims=True), True
        ids, distances = [], []
        for one in queries:
            found = self._nearest(one, k or len(self.vectors))
            ids.append([sample for sample, _ in found])
            distances.append([1.0 - score for _, score in found])
        answer = (ids[0], None) if single else (ids, None)
        return (*answer, distances[0] if single else distances) if return_dists else answer

    def _queries(self, query: Any) -> tuple[np.ndarray, bool]:
        """Vectors [Q, dim] of a query by ids or by vectors, and whether it is a single one."""
        array = np.asarray(query)
        if np.issubdtype(array.dtype, np.number):
            return np.atleast_2d(array).astype(np.float32), array.ndim == 1
        ids = np.atleast_1d(array).tolist()
        windows = self._windows_of(ids)
        missing = [i for i in ids if i not in windows]
        if missing:
            raise ValueError(f"Query IDs {missing} were not found in the index")
        return self.vectors.vectors([windows[i] for i in ids]), isinstance(query, str)

    def _nearest(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """Sample ids and scores; windows without a sample in the view are passed over."""
        view: Any = self.view
        whole = len(self.vectors)
        among = None
        if self.has_view and view.count() <= LISTED:
            among = view.values("window_id")
        asked = min(k, whole)
        while True:
            found = self.vectors.query(vector, asked, among=among)
            windows = found["window_id"].to_pylist()
            there = sample_ids(view, windows)
            scores = found["score"].to_pylist()
            kept = [
                (there[w], score) for w, score in zip(windows, scores, strict=True) if w in there
            ]
            if len(kept) >= k or found.num_rows < asked or asked >= whole:
                return kept[:k]
            asked = min(4 * asked, whole)

    def _windows_of(self, ids: Sequence[str]) -> dict[str, str]:
        """Window id of each sample that is there."""
        chosen: Any = self.samples._root_dataset.select(list(ids))
        return dict(zip(*chosen.values(["id", "window_id"]), strict=True))

    def _all_ids(self) -> list[str]:
        chosen: Any = self.view
        return chosen.values("id")
