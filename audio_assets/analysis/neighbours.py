"""Exact nearest neighbours by cosine: one matrix product and a partial sort per block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK_BYTES = 64 << 20
"""Scores held at once, so that memory is bounded whatever the number of queries."""


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1, float32 [N, D]; zero rows stay zero, so that they score 0, not NaN.

    Args:
        vectors: float [N, D].

    Raises:
        ValueError: not a matrix.
    """
    vectors = np.asarray(vectors, np.float32)
    if vectors.ndim != 2:
        raise ValueError(f"expected vectors [N, D], found shape {vectors.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
        scaled = vectors / np.where(largest > 0, largest, 1)
        norm = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]
    return np.divide(scaled, norm, out=np.zeros_like(scaled), where=norm > 0)


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k largest scores of each row, descending; equal ones in the order of columns.

    Args:
        scores: float32 [Q, N].
        k: 0 to N.

    Returns:
        int64 [Q, k].
    """
    columns = scores.shape[1]
    if k == 0:
        return np.empty((len(scores), 0), np.int64)
    if k < columns:
        best = _largest(scores, k)
        best.sort(axis=1)
    else:
        best = np.broadcast_to(np.arange(columns), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def _largest(scores: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k largest scores of each row in no order, int64 [Q, k]; 0 < k < N.

    They lie in the k groups of columns whose maxima are the largest: the partial sort, which costs
    ten times as much per score as a maximum, sees those groups only. Group g is the columns g,
    g + G, g + 2 G, … of G groups.
    """
    columns = scores.shape[1]
    members = int((columns / k) ** 0.5)
    if members < 4:
        return np.argpartition(scores, columns - k, axis=1)[:, columns - k :]
    groups = columns // members
    peaks = scores[:, :groups].copy()
    for begin in range(groups, members * groups, groups):
        np.maximum(peaks, scores[:, begin : begin + groups], out=peaks)
    chosen = np.argpartition(peaks, groups - k, axis=1)[:, groups - k :]
    among = (chosen[:, :, None] + groups * np.arange(members)).reshape(len(scores), -1)
    left = np.broadcast_to(np.arange(members * groups, columns), (len(scores), columns % groups))
    among = np.concatenate([among, left], axis=1)
    values = np.take_along_axis(scores, among, axis=1)
    best = np.argpartition(values, values.shape[1] - k, axis=1)[:, values.shape[1] - k :]
    return np.take_along_axis(among, best, axis=1)


def neighbour_blocks(
    queries: np.ndarray, units: np.ndarray, k: int, own: np.ndarray | None = None
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Exact neighbours of many queries, block by block.

    Args:
        queries: float32 [Q, D], rows of length 1 or 0.
        units: float32 [N, D], rows of length 1 or 0.
        k: neighbours, at least 0; fewer where N is smaller.
        own: int64 [Q], the row of `units` that is the query itself and is left out; -1 for none.

    Yields:
        (rows of `queries`, columns int64 [q, k'], scores float32 [q, k'] in descending order).
    """
    count = len(units)
    found = max(0, min(k, count - (own is not None)))
    step = max(1, BLOCK_BYTES // max(1, 4 * count))
    for begin in range(0, len(queries), step):
        rows = slice(begin, min(begin + step, len(queries)))
        scores = queries[rows] @ units.T
        if own is not None:
            mine = own[rows]
            has = np.flatnonzero(mine >= 0)
            scores[has, mine[has]] = -np.inf
        columns = top_k(scores, found)
        best = np.take_along_axis(scores, columns, axis=1)
        yield rows, columns, np.clip(best, -1.0, 1.0)


def neighbour_graph(vectors: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The exact k-nearest-neighbour graph in cosine distance, each point its own first neighbour.

    Args:
        vectors: float32 [N, D], N ≥ 1.
        k: neighbours, the point itself among them, 1 to N.

    Returns:
        (indices int32 [N, k], distances float32 [N, k], 0 to just under 2: UMAP takes 2 for
        "not connected").
    """
    units = unit_rows(vectors)
    count = len(units)
    indices = np.empty((count, k), np.int32)
    distances = np.zeros((count, k), np.float32)
    indices[:, 0] = np.arange(count)
    for rows, columns, scores in neighbour_blocks(units, units, k - 1, np.arange(count)):
        indices[rows, 1:] = columns
        distances[rows, 1:] = np.clip(1.0 - scores, 0.0, 1.999)
    return indices, distances
