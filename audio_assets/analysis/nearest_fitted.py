"""The fitted windows nearest to others, without comparing all pairs by their whole vectors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from audio_assets.analysis.neighbours import top_k, unit_rows
from audio_assets.encoding.embeddings_file import vectors_of

LOW_DIMENSIONS = 64
CANDIDATES = 4
"""Fitted windows looked at per neighbour wanted, then compared by their whole vectors. One half are
those of the largest product in 64 principal directions. The other half are those of the largest
product that the whole vectors can have by these (Cauchy-Schwarz on what is left of both): a sound
that is rare lies mostly outside the principal directions, and its like would not be seen."""
BLOCK_BYTES = 64 << 20


class NearestFitted:
    """Finds the nearest of some unit vectors, float32 [n, dim], in cosine distance."""

    def __init__(self, units: np.ndarray) -> None:
        self.units = units
        self._axes = _principal_axes(units, LOW_DIMENSIONS)
        self._low, self._rest = self._split(units)

    def blocks(self, units: np.ndarray, k: int) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """The k nearest of each of other unit vectors, nearest first, fewer where n is smaller.

        Yields:
            (rows of `units`, rows of the fitted int64 [q, k'], distances float32 [q, k'] from 0).
        """
        fitted, dim = self.units.shape
        step = max(1, BLOCK_BYTES // (4 * max(fitted, min(CANDIDATES * k, fitted) * dim)))
        for begin in range(0, len(units), step):
            rows = slice(begin, begin + step)
            yield rows, *self._of(units[rows], k)

    def _of(self, units: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        k = min(k, len(self.units))
        half = min(CANDIDATES * k // 2, len(self.units))
        low, rest = self._split(units)
        products = low @ self._low.T
        likely = top_k(products, half)
        products += rest @ self._rest.T
        candidates = np.concatenate([likely, top_k(products, half)], axis=1)
        scores = np.einsum("nd,nkd->nk", units, self.units[candidates])
        scores[_repeated(candidates)] = -np.inf
        best = top_k(scores, k)
        rows = np.take_along_axis(candidates, best, axis=1)
        return rows, np.maximum(1.0 - np.take_along_axis(scores, best, axis=1), 0.0)

    def _split(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """In the principal directions [n, low], and the length of what is left [n, 1]."""
        low = units @ self._axes
        left = np.einsum("nd,nd->n", units, units) - np.einsum("nd,nd->n", low, low)
        return low, np.sqrt(np.maximum(left, 0.0))[:, None]


def _repeated(rows: np.ndarray) -> np.ndarray:
    """Whether an entry of a row stands earlier in it, bool [n, k]."""
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    again = np.zeros_like(rows, dtype=bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    found = np.empty_like(again)
    np.put_along_axis(found, order, again, axis=1)
    return found


def nearness(distance: np.ndarray) -> np.ndarray:
    """Weights of neighbours, rows sum to 1, on the scale of each one's own neighbourhood.

    Args:
        distance: float [n, k], ascending.
    """
    beyond = distance - distance[:, :1]
    scale = np.maximum(beyond.mean(axis=1, keepdims=True), 1e-6)
    weight = np.exp(-beyond / scale)
    return weight / weight.sum(axis=1, keepdims=True)


def fitted_rows(count: int, most: int, seed: int) -> np.ndarray:
    """Ascending rows of the sample that is fitted, int64 [min(count, most)]."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def unit_blocks(table: pa.Table, dim: int) -> Iterator[tuple[slice, np.ndarray]]:
    """An embeddings table in blocks of bounded size: (rows, unit vectors)."""
    step = max(1, BLOCK_BYTES // (4 * dim))
    for begin in range(0, table.num_rows, step):
        part = table.slice(begin, step)
        yield slice(begin, begin + part.num_rows), unit_rows(vectors_of(part))


def _principal_axes(units: np.ndarray, most: int) -> np.ndarray:
    """Directions of the largest second moment, float32 [dim, min(dim, most)]."""
    moment = (units.T @ units).astype(np.float64)
    _, axes = np.linalg.eigh(moment)
    return np.ascontiguousarray(axes[:, ::-1][:, :most], np.float32)
