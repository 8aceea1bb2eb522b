"""Vectors of clips at full precision, and what their nearest neighbours say."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.training.evaluate import _unit, _vote
from audio_assets.transforms.logmel_image import LogmelImage


def embed_waveforms(
    encoder: SpectrogramEncoder, transform: LogmelImage, waveforms: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Compute CLS vectors in float32, as the project's own encoder does.

    Args:
        encoder: the encoder.
        transform: its transform.
        waveforms: float32 [N, samples].

    Returns:
        float32 [N, width].
    """
    encoder.eval()
    vectors = []
    with torch.inference_mode():
        for start in range(0, len(waveforms), 8):
            images = torch.from_numpy(transform(waveforms[start : start + 8]))
            vectors.append(encoder.forward_features(images)[:, 0].float().numpy())
    return np.concatenate(vectors)


def neighbour_votes(
    vectors: NDArray[np.float32],
    classes: NDArray[np.int64],
    query_vectors: NDArray[np.float32],
    nearest: int = 5,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the nearest reference clips of each query, and the class that they vote for.

    Args:
        vectors: reference vectors, float32 [N, width].
        classes: their classes, int64 [N].
        query_vectors: float32 [Q, width].
        nearest: neighbours that vote.

    Returns:
        (rows of the neighbours, nearest first, int64 [Q, nearest]; votes int64 [Q]).
    """
    mean = vectors.mean(axis=0)
    cosine = _unit(query_vectors - mean) @ _unit(vectors - mean).T
    rows = np.argsort(-cosine, axis=1, kind="stable")[:, :nearest]
    return rows, np.array([_vote(row) for row in classes[rows]])
