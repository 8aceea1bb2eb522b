"""Maps of more windows than are fitted: a seeded sample is laid out, the rest is placed among it.

A window that was not fitted goes to the mean of its nearest fitted windows' places, weighted by
how near they are on the scale of its own neighbourhood: where UMAP's `transform` begins
(arXiv:1802.03426, section 4), without the gradient steps that follow there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from audio_assets.analysis.neighbours import top_k, unit_rows
from audio_assets.encoding.embeddings_file import vectors_of

NEIGHBOURS = 15
LOW_DIMENSIONS = 64
CANDIDATES = 4
"""Fitted windows looked at per neighbour wanted: found in 64 principal directions, then compared
by their whole vectors."""
BLOCK_BYTES = 64 << 20
Layout = Callable[[np.ndarray], np.ndarray]


def fitted_rows(count: int, most: int, seed: int) -> np.ndarray:
    """Ascending rows of the sample that is fitted, int64 [min(count, most)]."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def lay_out(table: pa.Table, most: int, seed: int, fit: Layout) -> tuple[np.ndarray, int]:
    """Fit a layout to a sample of the windows and place the others among them.

    Args:
        table: embeddings, `schemas.embeddings_schema`.
        most: windows that are fitted.
        seed: of the sample.
        fit: float32 [n, dim] → float32 [n, 2 or 3].

    Returns:
        (layout float32 [N, 2 or 3] in the order of `table`, how many windows were fitted).
    """
    rows = fitted_rows(table.num_rows, most, seed)
    if len(rows) == table.num_rows:
        return fit(vectors_of(table)), len(rows)
    vectors = vectors_of(table.take(pa.array(rows)))
    fitted = fit(vectors)
    places = _Places(unit_rows(vectors), fitted)
    out = np.empty((table.num_rows, fitted.shape[1]), np.float32)
    step = max(1, BLOCK_BYTES // (4 * vectors.shape[1]))
    for begin in range(0, table.num_rows, step):
        part = table.slice(begin, step)
        out[begin : begin + part.num_rows] = places.of(unit_rows(vectors_of(part)))
    out[rows] = fitted
    return out, len(rows)


@dataclass
class _Places:
    """Finds the nearest fitted windows of others, and from those their places."""

    units: np.ndarray
    layout: np.ndarray

    def __post_init__(self) -> None:
        self.axes = _principal_axes(self.units, LOW_DIMENSIONS)
        self.low = self.units @ self.axes

    def of(self, units: np.ndarray) -> np.ndarray:
        """Places of unit vectors [n, dim], float32 [n, 2 or 3]."""
        step = max(1, BLOCK_BYTES // (4 * len(self.units)))
        parts = [self._block(units[b : b + step]) for b in range(0, len(units), step)]
        return np.concatenate(parts) if parts else self.layout[:0]

    def _block(self, units: np.ndarray) -> np.ndarray:
        k = min(NEIGHBOURS, len(self.units))
        wide = min(CANDIDATES * k, len(self.units))
        candidates = top_k((units @ self.axes) @ self.low.T, wide)
        scores = np.einsum("nd,nkd->nk", units, self.units[candidates])
        best = top_k(scores, k)
        rows = np.take_along_axis(candidates, best, axis=1)
        distance = 1.0 - np.take_along_axis(scores, best, axis=1)
        beyond = distance - distance[:, :1]
        scale = np.maximum(beyond.mean(axis=1, keepdims=True), 1e-6)
        weight = np.exp(-beyond / scale)
        weight /= weight.sum(axis=1, keepdims=True)
        return np.einsum("nk,nkd->nd", weight, self.layout[rows]).astype(np.float32)


def _principal_axes(units: np.ndarray, most: int) -> np.ndarray:
    """Directions of the largest second moment, float32 [dim, min(dim, most)]."""
    moment = (units.T @ units).astype(np.float64)
    _, axes = np.linalg.eigh(moment)
    return np.ascontiguousarray(axes[:, ::-1][:, :most], np.float32)
