"""The similarity index: exact cosine over all windows of a folder, by window or by any vector."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from audio_assets.analysis.neighbours import neighbour_blocks, unit_rows
from audio_assets.encoding.embeddings_file import vectors_of
from audio_assets.encoding.shards import positions
from audio_assets.errors import UsageError
from audio_assets.schemas import NEIGHBOURS
from audio_assets.storage import read_parquet


class SimilarityIndex:
    """Vectors scaled to length 1; a query costs one matrix product and a partial sort.

    Never an approximation; a zero vector scores 0 against everything.
    """

    def __init__(
        self, window_ids: Sequence[str] | np.ndarray | pa.Array, vectors: np.ndarray
    ) -> None:
        """Make an index.

        Args:
            window_ids: [N], unique.
            vectors: float [N, dim]; not changed.

        Raises:
            UsageError: numbers of ids and vectors differ, or a vector is not finite.
        """
        self.ids = pa.array(window_ids, pa.string())
        if len(self.ids) != len(vectors):
            raise UsageError(f"{len(self.ids)} window ids for {len(vectors)} vectors.")
        if not np.isfinite(vectors).all():
            raise UsageError("The vectors hold NaN or infinite values; encode the folder again.")
        self._units = unit_rows(vectors)

    @classmethod
    def open(cls, embeddings: Path) -> Self:
        """Make an index over an embeddings table.

        Raises:
            StorageError: missing or damaged.
        """
        table = read_parquet(embeddings)
        return cls(table["window_id"].combine_chunks(), vectors_of(table))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._units.shape[1]

    def query(self, vectors: np.ndarray, k: int = 20) -> tuple[np.ndarray, np.ndarray]:
        """The windows nearest to some vectors.

        Args:
            vectors: float [Q, dim] or [dim].
            k: results per query, at least 1.

        Returns:
            (window ids, object [Q, k'], scores float32 [Q, k']): cosine, -1 to 1, descending; equal
            scores in the order of the index. k' is the smaller of k and the number of windows.

        Raises:
            UsageError: another dimension, a value that is not finite, or k < 1.
        """
        vectors = np.atleast_2d(np.asarray(vectors, np.float32))
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise UsageError(
                f"The query has shape {vectors.shape}; the index holds vectors of {self.dim}."
            )
        if not np.isfinite(vectors).all():
            raise UsageError("The query vector holds NaN or infinite values.")
        return self._search(unit_rows(vectors), k, None)

    def query_ids(
        self, window_ids: Sequence[str] | np.ndarray, k: int = 20, *, exclude_self: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """The windows nearest to windows of the index.

        Args:
            window_ids: [Q].
            k: results per query, at least 1.
            exclude_self: leave the window itself out of its results.

        Returns:
            As `query`.

        Raises:
            UsageError: an id is not in the index, or k < 1.
        """
        rows = self.rows_of(window_ids)
        return self._search(self._units[rows], k, rows if exclude_self else None)

    def rows_of(self, window_ids: Sequence[str] | np.ndarray) -> np.ndarray:
        """Row numbers of windows, int64 [Q].

        Raises:
            UsageError: an id is not in the index.
        """
        wanted = pa.array(window_ids, pa.string())
        rows = positions(wanted, self.ids)
        if (rows < 0).any():
            missing = wanted[int(np.argmin(rows))].as_py()
            raise UsageError(
                f"Window {missing!r} is not in the index of {len(self)} windows. Ids look like "
                f"{self.ids[0].as_py() if len(self) else '<16 hex>@<start>+<frames>'!r}."
            )
        return rows

    def _search(
        self, units: np.ndarray, k: int, own: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}.")
        found = max(0, min(k, len(self) - (own is not None)))
        ids = np.empty((len(units), found), object)
        scores = np.empty((len(units), found), np.float32)
        for rows, columns, values in neighbour_blocks(units, self._units, k, own):
            names = self.ids.take(pa.array(columns.ravel()))
            ids[rows] = names.to_numpy(zero_copy_only=False).reshape(columns.shape)
            scores[rows] = values
        return ids, scores


def neighbours_table(index: SimilarityIndex, k: int = 20) -> pa.Table:
    """The k nearest windows of every window, itself left out.

    Args:
        index: the windows.
        k: neighbours per window, at least 1; fewer where there are fewer windows.

    Returns:
        Table of the NEIGHBOURS schema, in the order of the index.

    Raises:
        UsageError: k < 1.
    """
    if k < 1:
        raise UsageError(f"k must be at least 1, not {k}.")
    count = len(index)
    found = max(0, min(k, count - 1))
    units = index._units
    columns = np.empty((count, found), np.int64)
    scores = np.empty((count, found), np.float32)
    for rows, best, values in neighbour_blocks(units, units, k, np.arange(count)):
        columns[rows], scores[rows] = best, values
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * found)
    names = index.ids.take(pa.array(columns.ravel()))
    return pa.Table.from_arrays(
        [
            index.ids,
            pa.ListArray.from_arrays(offsets, names),
            pa.ListArray.from_arrays(offsets, pa.array(scores.ravel())),
        ],
        schema=NEIGHBOURS,
    )
