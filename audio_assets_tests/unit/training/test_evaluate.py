"""Neighbour scores on small arrangements with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.training.evaluate import neighbour_scores


def _rays(degrees: list[float]) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_separate_classes_score_one() -> None:
    vectors = np.concatenate([_rays(list(range(20))), _rays(list(range(180, 200)))])
    classes = np.repeat([0, 1], 20)
    scores = neighbour_scores(vectors, classes, _rays([5, 190]), np.array([0, 1]))
    assert (scores.knn5, scores.precision20, scores.queries) == (1.0, 1.0, 2)
    wrong = neighbour_scores(vectors, classes, _rays([5, 190]), np.array([1, 0]))
    assert (wrong.knn5, wrong.precision20) == (0.0, 0.0)


def test_everything_is_centred_by_the_reference_mean() -> None:
    vectors = np.concatenate([_rays(list(range(20))), _rays(list(range(180, 200)))])
    classes = np.repeat([0, 1], 20)
    shifted = neighbour_scores(vectors + 100, classes, _rays([5, 190]) + 100, np.array([0, 1]))
    assert shifted.knn5 == 1.0


def test_a_tied_vote_goes_to_the_nearest() -> None:
    vectors = _rays([0, 10, 20, 30, 40, 180, 190, 200, 210, 220])
    classes = np.array([1, 1, 0, 0, 2, 3, 3, 3, 3, 3])
    scores = neighbour_scores(vectors, classes, _rays([1]), np.array([1]))
    assert scores.knn5 == 1.0
    assert scores.precision20 == pytest.approx(2 / 10)
