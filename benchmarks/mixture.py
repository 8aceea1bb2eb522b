"""Clustered vectors of any number and dimension, drawn block by block from a fitted mixture.

Uniform noise has no neighbours worth finding; embeddings lie in clumps of a few directions. A
mixture of low-rank Gaussians is fitted to real embeddings where a table of them is given, else to
nothing but its own seed. The same block is the same vectors, so that nothing need be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

RANK = 24
BLOCK = 50_000


@dataclass(frozen=True)
class Mixture:
    """Centres [C, dim], directions [C, RANK, dim] scaled by their spread, noise, weights [C]."""

    centres: np.ndarray
    directions: np.ndarray
    noise: np.ndarray
    weights: np.ndarray

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.centres.shape[1]

    def block(self, number: int, rows: int = BLOCK) -> np.ndarray:
        """The vectors of one block, float32 [rows, dim]."""
        random = np.random.default_rng([51, number])
        which = random.choice(len(self.centres), rows, p=self.weights)
        which.sort()
        out = self.centres[which]
        starts = np.searchsorted(which, np.arange(len(self.centres) + 1))
        for cluster, (begin, end) in enumerate(pairwise(starts.tolist())):
            along = random.standard_normal((end - begin, self.directions.shape[1]), np.float32)
            out[begin:end] += along @ self.directions[cluster]
        pool = _noise(self.dim)
        begin = int(random.integers(0, len(pool)))
        for row in range(0, rows, len(pool)):
            part = out[row : row + len(pool)]
            noise = np.roll(pool, begin, axis=0)[: len(part)]
            part += noise * self.noise[which[row : row + len(pool)], None]
        return out[random.permutation(rows)]


@cache
def _noise(dim: int) -> np.ndarray:
    """Isotropic noise that every block takes from another row on, float32 [8191, dim]."""
    return np.random.default_rng(7).standard_normal((8191, dim), np.float32)


def fitted(real: np.ndarray | None, dim: int, clusters: int = 64, seed: int = 51) -> Mixture:
    """Fit a mixture to real vectors, lifted to `dim` by a random orthonormal map.

    Args:
        real: float32 [N, D], such as `real_vectors`; None for a mixture of the seed's own.
        dim: of the vectors drawn.
        clusters: components.
        seed: of everything random.
    """
    random = np.random.default_rng(seed)
    points = _invented(dim, clusters, random) if real is None else _lifted(real, dim, random)
    return _fit(points, min(clusters, max(2, len(points) // 8)), seed)


def real_vectors(recordings: Path, most: int = 400) -> np.ndarray | None:
    """The shipped checkpoint's vectors of a folder's clips, float32 [n, D]; None without clips."""
    import soundfile

    from audio_assets import load_encoder
    from audio_assets.recordings.listing import list_audio

    files = [f.path for f in list_audio(recordings) if f.problem is None][:most]
    if len(files) < 50:
        return None
    encoder = load_encoder("audiomaepp-esc10")
    found = []
    for path in files:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        found.append(np.asarray(encoder.encode(samples.mean(axis=1)[None, : 5 * rate], rate))[0])
    return np.stack(found).astype(np.float32)


def _fit(real: np.ndarray, clusters: int, seed: int) -> Mixture:
    from sklearn.cluster import KMeans

    found = KMeans(clusters, n_init=1, random_state=seed).fit(real)
    labels = np.asarray(found.labels_)
    centres = np.asarray(found.cluster_centers_, np.float32)
    rank = min(RANK, real.shape[1])
    directions = np.zeros((clusters, rank, real.shape[1]), np.float32)
    noise = np.zeros(clusters, np.float32)
    for cluster in range(clusters):
        away = real[labels == cluster] - centres[cluster]
        spread = float(away.std()) if len(away) else 0.0
        if len(away) > 2:
            _, size, axes = np.linalg.svd(away, full_matrices=False)
            n = min(rank, len(size))
            directions[cluster, :n] = axes[:n] * (size[:n, None] / np.sqrt(len(away)))
        noise[cluster] = 0.3 * spread
    counts = np.bincount(labels, minlength=clusters)
    return Mixture(centres, directions, noise, counts / counts.sum())


def _lifted(vectors: np.ndarray, dim: int, random: np.random.Generator) -> np.ndarray:
    if vectors.shape[1] >= dim:
        return np.ascontiguousarray(vectors[:, :dim])
    lift, _ = np.linalg.qr(random.standard_normal((dim, vectors.shape[1])))
    return (vectors @ lift.T).astype(np.float32)


def _invented(dim: int, clusters: int, random: np.random.Generator) -> np.ndarray:
    centres = random.standard_normal((clusters, dim)).astype(np.float32)
    which = random.integers(0, clusters, 40 * clusters)
    basis = random.standard_normal((clusters, RANK, dim)).astype(np.float32) / 4
    along = random.standard_normal((len(which), RANK)).astype(np.float32)
    return centres[which] + np.einsum("nr,nrd->nd", along, basis[which])
