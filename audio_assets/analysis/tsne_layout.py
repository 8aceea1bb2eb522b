"""t-SNE (van der Maaten and Hinton 2008), with the exact gradient, compiled.

Attraction is between nearest neighbours only, as in Barnes-Hut t-SNE (van der Maaten 2014), and
those are exact. Repulsion is between all pairs of points, one by one: with vector instructions that
takes less time than summing far ones up in a tree, for all numbers of points that are fitted
(2,000: a sixth of scikit-learn's Barnes-Hut; 10,000: a quarter; 50,000: two thirds), and nothing is
approximated.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Literal

import numba
import numpy as np
from scipy.linalg import eigh
from scipy.sparse import csr_matrix

from audio_assets.analysis.compiled import keep_compiled
from audio_assets.analysis.neighbours import neighbour_graph
from audio_assets.analysis.umap_layout import pca_layout

EXAGGERATION, EXAGGERATED_STEPS, STEPS = 12.0, 250, 1000
"""Early exaggeration and steps of scikit-learn and of the authors."""

LARGE = 4000
"""Below this many points a step is too short to share it among threads."""

_F = np.float32


def tsne_layout(
    vectors: np.ndarray,
    *,
    dimensions: Literal[2, 3],
    perplexity: float,
    learning_rate: float,
    seed: int,
    threads: int = 1,
) -> np.ndarray:
    """Lay vectors out by t-SNE in Euclidean distance on unit vectors, started from a PCA.

    Args:
        vectors: float32 [N, D], N ≥ 4, not all equal; a zero row is as far from any other as one
            at a right angle.
        dimensions: of the layout.
        perplexity: below N - 1.
        learning_rate: of steps along the gradient with its factor 4, as in scikit-learn.
        seed: of the random numbers.
        threads: the layout is the same with any number.

    Returns:
        float32 [N, dimensions].
    """
    attraction = joint_probabilities(vectors, perplexity)
    start = _start(vectors, dimensions, seed).astype(_F, order="C")
    return _descend(start, attraction, learning_rate, threads).T.copy()


def joint_probabilities(vectors: np.ndarray, perplexity: float) -> csr_matrix:
    """How near points are to each other, symmetric, with sum 1.

    Args:
        vectors: float32 [N, D], N ≥ 2.
        perplexity: of each point's conditional probabilities.

    Returns:
        float32 [N, N], of the 3 × perplexity + 1 nearest of each point.
    """
    count = len(vectors)
    others = min(count - 1, int(3.0 * perplexity + 1))
    indices, cosine = neighbour_graph(vectors, others + 1)
    near = _conditional(2.0 * cosine[:, 1:].astype(np.float64), float(np.log(perplexity)))
    ends = np.arange(0, near.size + 1, others)
    one_way = csr_matrix((near.ravel(), indices[:, 1:].ravel(), ends), (count, count))
    both = (one_way + one_way.T).tocsr()
    both.sort_indices()
    return (both / both.sum()).astype(_F)


def _start(vectors: np.ndarray, dimensions: int, seed: int) -> np.ndarray:
    """First principal components, tiny; random numbers where there are not as many."""
    if min(vectors.shape) < dimensions:
        return 1e-4 * np.random.default_rng(seed).standard_normal((dimensions, len(vectors)))
    if len(vectors) <= vectors.shape[1]:
        scores = pca_layout(vectors, dimensions)
    else:
        centred = vectors - vectors.mean(axis=0, dtype=np.float64).astype(_F)
        last = vectors.shape[1] - 1
        covariance = (centred.T @ centred).astype(np.float64)
        _, axes = eigh(covariance, subset_by_index=(last - dimensions + 1, last))
        scores = centred @ axes[:, ::-1]
    return 1e-4 * scores.T / max(float(scores[:, 0].std()), 1e-30)


def _descend(points: np.ndarray, attraction: csr_matrix, rate: float, threads: int) -> np.ndarray:
    """Follow the gradient of the Kullback-Leibler divergence, with momentum and gains."""
    moved, gains = np.zeros_like(points), np.ones_like(points)
    pulled = np.empty_like(points)
    with _workers(points.shape[1], threads) as workers:
        for step in range(STEPS):
            early = step < EXAGGERATED_STEPS
            workers.attraction(points, attraction, pulled)
            pushed, whole = workers.repulsion(points)
            slope = _F(4.0 * EXAGGERATION if early else 4.0) * pulled - _F(4.0 / whole) * pushed
            gains = np.where(moved * slope < 0, gains + _F(0.2), gains * _F(0.8))
            np.maximum(gains, _F(0.01), out=gains)
            moved = _F(0.5 if early else 0.8) * moved - _F(rate) * gains * slope
            points = points + moved
    return points


class _Workers:
    """Threads that compute some of the points each."""

    def __init__(self, count: int, pool: ThreadPoolExecutor | None, parts: int) -> None:
        edges = np.linspace(0, count, parts + 1).astype(int).tolist()
        self.parts = list(pairwise(edges))
        self.map = map if pool is None else pool.map

    def attraction(self, points: np.ndarray, near: csr_matrix, out: np.ndarray) -> None:
        """Σ_j p_ij (y_i - y_j) / (1 + |y_i - y_j|²), float32, shaped as `points`."""

        def part(rows: tuple[int, int]) -> None:
            _attraction(near.indptr, near.indices, near.data, *_axes(points), out, *rows)

        list(self.map(part, self.parts))

    def repulsion(self, points: np.ndarray) -> tuple[np.ndarray, float]:
        """(Σ_j (y_i - y_j) / (1 + |y_i - y_j|²)², Σ_{i≠j} 1 / (1 + |y_i - y_j|²))."""
        out, sums = np.empty_like(points), np.empty(points.shape[1], _F)

        def part(rows: tuple[int, int]) -> None:
            _repulsion(*_axes(points), out, sums, *rows)

        list(self.map(part, self.parts))
        return out, float(sums.sum(dtype=np.float64)) - points.shape[1]


@contextmanager
def _workers(count: int, threads: int) -> Iterator[_Workers]:
    if threads < 2 or count < LARGE:
        yield _Workers(count, None, 1)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="tsne") as pool:
        yield _Workers(count, pool, threads)


def _axes(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """x, y and z; None for the z of a flat map, of which numba then compiles nothing."""
    return points[0], points[1], points[2] if len(points) == 3 else None


# numpy's error model: without tests for a division by zero the loops become vector instructions
_fast: Any = numba.njit(fastmath=True, nogil=True, error_model="numpy")


@_fast
def _repulsion(xs, ys, zs, out, sums, begin, end):
    """Rows begin to end of the repulsion, and of the sums that normalize it."""
    one = _F(1.0)
    for i in range(begin, end):
        fx = fy = fz = total = _F(0.0)
        for j in range(len(xs)):
            dx, dy, dz = xs[i] - xs[j], ys[i] - ys[j], _F(0.0)
            square = dx * dx + dy * dy
            if zs is not None:
                dz = zs[i] - zs[j]
                square += dz * dz
            q = one / (one + square)
            total += q
            q *= q
            fx += q * dx
            fy += q * dy
            if zs is not None:
                fz += q * dz
        out[0, i], out[1, i], sums[i] = fx, fy, total
        if zs is not None:
            out[2, i] = fz


@_fast
def _attraction(ends, columns, values, xs, ys, zs, out, begin, end):
    """Rows begin to end of Σ_j p_ij (y_i - y_j) / (1 + |y_i - y_j|²)."""
    one = _F(1.0)
    for i in range(begin, end):
        fx = fy = fz = _F(0.0)
        for k in range(ends[i], ends[i + 1]):
            j = columns[k]
            dx, dy, dz = xs[i] - xs[j], ys[i] - ys[j], _F(0.0)
            square = dx * dx + dy * dy
            if zs is not None:
                dz = zs[i] - zs[j]
                square += dz * dz
            w = values[k] / (one + square)
            fx += w * dx
            fy += w * dy
            if zs is not None:
                fz += w * dz
        out[0, i], out[1, i] = fx, fy
        if zs is not None:
            out[2, i] = fz


@_fast
def _conditional(squares, entropy):
    """Gaussian weights of each row with that entropy in nats, by bisection; each row's sum is 1."""
    out = np.empty_like(squares)
    for i in range(len(squares)):
        row, low, high, scale = squares[i], 0.0, np.inf, 1.0
        nearest, total = row.min(), 1.0
        for _ in range(100):
            total = mean = 0.0
            for k in range(len(row)):
                out[i, k] = np.exp((nearest - row[k]) * scale)
                total += out[i, k]
                mean += out[i, k] * (row[k] - nearest)
            excess = np.log(total) + scale * mean / total - entropy
            if abs(excess) < 1e-5:
                break
            if excess > 0:
                low = scale
                scale = scale * 2.0 if high > 1e300 else (low + high) / 2.0
            else:
                high = scale
                scale = (low + high) / 2.0
        out[i] /= total
    return out


keep_compiled((_repulsion, _attraction, _conditional))
