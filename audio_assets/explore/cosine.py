"""Exact cosine distance between queries and an index, in float32, without touching either."""

from __future__ import annotations

import numpy as np

BLOCK_BYTES = 256_000_000


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1.

    Args:
        vectors: float [N, D]; not modified.

    Returns:
        float32 [N, D]; a zero vector stays zero, so that its cosine to everything is 0.
    """
    rows = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def cosine_distances(queries: np.ndarray, units: np.ndarray) -> np.ndarray:
    """1 − cosine.

    Args:
        queries: float [Q, D].
        units: float32 [N, D], unit rows.

    Returns:
        float32 [Q, N] in 0 … 2.
    """
    return np.clip(1.0 - unit_rows(queries) @ units.T, 0.0, 2.0)


def nearest(distances: np.ndarray, k: int | None, *, farthest: bool = False) -> np.ndarray:
    """Positions of the k smallest (or largest) distances; ties keep the order of the index.

    Args:
        distances: float [N].
        k: how many; None for all.
        farthest: the largest instead.

    Returns:
        int64 [min(k, N)].
    """
    return np.argsort(-distances if farthest else distances, kind="stable")[:k]


def block_rows(index_size: int) -> int:
    """Queries that are compared with the whole index at once in bounded memory."""
    return max(1, BLOCK_BYTES // max(1, 4 * index_size))
