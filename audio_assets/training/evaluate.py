"""Evaluation by neighbours: how often the nearest clips are of the same class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from audio_assets.models.encoder import Encoder
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.training.clips import Clips, load_clips
from audio_assets.transforms.logmel_image import LogmelImage


@dataclass(frozen=True)
class NeighbourScores:
    """Scores of queries against reference clips, each in [0, 1].

    Attributes:
        knn5: share of queries whose five nearest neighbours vote for the right class.
        precision20: mean share of the right class among the twenty nearest.
        queries: number of queries.
    """

    knn5: float
    precision20: float
    queries: int


def neighbour_scores(
    vectors: NDArray[np.float32],
    classes: NDArray[np.int64],
    query_vectors: NDArray[np.float32],
    query_classes: NDArray[np.int64],
) -> NeighbourScores:
    """Score queries by cosine neighbours, all centred by the mean of the reference vectors.

    Ties of the vote go to the class with the nearest member.

    Args:
        vectors: reference vectors, float32 [N, dim].
        classes: their classes, int64 [N].
        query_vectors: float32 [Q, dim].
        query_classes: int64 [Q].

    Returns:
        The scores.
    """
    mean = vectors.mean(axis=0)
    cosine = _unit(query_vectors - mean) @ _unit(vectors - mean).T
    order = np.argsort(-cosine, axis=1, kind="stable")
    nearest = classes[order]
    votes = np.array([_vote(row[:5]) for row in nearest])
    return NeighbourScores(
        knn5=float(np.mean(votes == query_classes)),
        precision20=float(np.mean(nearest[:, :20] == query_classes[:, None])),
        queries=len(query_classes),
    )


def clip_vectors(
    encoder: SpectrogramEncoder, transform: LogmelImage, clips: Clips
) -> NDArray[np.float32]:
    """Compute the CLS vectors of clips while training: bfloat16 arithmetic, no augmentation.

    Args:
        encoder: the encoder.
        transform: its transform.
        clips: N clips.

    Returns:
        float32 [N, D].
    """
    encoder.eval()
    vectors = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(clips.files), 8):
            images = torch.from_numpy(transform(clips.waveforms[start : start + 8]))
            vectors.append(encoder.forward_features(images)[:, 0].float().numpy())
    return np.concatenate(vectors)


def evaluate_checkpoint(
    encoder: Encoder, data: Path, folds: tuple[int, ...], query_fold: int
) -> NeighbourScores:
    """Score a checkpoint on a folder of clips, as stored and through the public interface.

    Args:
        encoder: the loaded checkpoint.
        data: a folder in the ESC-50 layout.
        folds: folds of the reference clips.
        query_fold: fold of the queries.

    Returns:
        The scores.
    """
    rate, samples = encoder.sample_rate, encoder.input_samples
    known = load_clips(data, rate, samples, folds)
    asked = load_clips(data, rate, samples, (query_fold,))
    return neighbour_scores(
        encoder.encode(known.waveforms, rate),
        known.classes,
        encoder.encode(asked.waveforms, rate),
        asked.classes,
    )


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _vote(classes: NDArray[np.int64]) -> int:
    counts = np.bincount(classes)
    return int(next(c for c in classes if counts[c] == counts.max()))
