"""t-SNE's forces and probabilities against plain NumPy, its result against scikit-learn's."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from sklearn.manifold import TSNE

from audio_assets.analysis import tsne_layout as module
from audio_assets.analysis.neighbours import unit_rows
from audio_assets.analysis.tsne_layout import joint_probabilities, tsne_layout
from audio_assets_tests.unit.analysis.test_projection import classes


def units(count: int, dim: int = 24) -> np.ndarray:
    return unit_rows(classes(count, dim)[0])


def squares(points: np.ndarray) -> np.ndarray:
    """Squared distances of points [N, D]."""
    return ((points[:, None] - points[None]) ** 2).sum(axis=2)


def divergence(near: np.ndarray, layout: np.ndarray) -> float:
    """Kullback-Leibler divergence that t-SNE minimizes."""
    shown = 1 / (1 + squares(layout.astype(np.float64)))
    np.fill_diagonal(shown, 0)
    shown /= shown.sum()
    there = near > 0
    return float((near[there] * np.log(near[there] / shown[there])).sum())


def lay(vectors: np.ndarray, dimensions: Literal[2, 3] = 2, **given: float) -> np.ndarray:
    named = {"perplexity": 20.0, "learning_rate": 200.0, **given}
    return tsne_layout(vectors, dimensions=dimensions, seed=51, **named)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("dimensions", [2, 3])
def test_repulsion_is_the_sum_over_all_pairs(dimensions):
    points = np.random.default_rng(1).normal(scale=5, size=(dimensions, 301)).astype(np.float32)
    with module._workers(301, 1) as workers:
        found, whole = workers.repulsion(points)
    y = points.T.astype(np.float64)
    q = 1 / (1 + squares(y))
    expected = ((q**2)[:, :, None] * (y[:, None] - y[None])).sum(axis=1)
    np.testing.assert_allclose(found.T, expected, atol=1e-5)
    assert whole == pytest.approx(q.sum() - len(y), rel=1e-6)


def test_probabilities_have_the_perplexity_asked_for():
    near = joint_probabilities(units(200), 20.0)
    dense = near.toarray().astype(np.float64)
    assert dense.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(dense, dense.T)
    assert (np.diag(dense) == 0).all()
    # those of scikit-learn's exact method, which are cut off nowhere: the rest weighs little
    from sklearn.manifold._t_sne import _joint_probabilities

    other = np.zeros_like(dense)
    other[np.triu_indices(200, 1)] = _joint_probabilities(
        squares(units(200).astype(np.float64)).astype(np.float32), 20.0, 0
    )
    other += other.T
    assert np.abs(dense - other / other.sum()).sum() < 0.1


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_layout_is_no_worse_than_scikit_learns(dimensions):
    vectors = units(400)
    other = TSNE(
        dimensions,
        perplexity=20.0,
        learning_rate=100.0,  # pyright: ignore[reportArgumentType]
        init="pca",
        random_state=51,
    ).fit_transform(vectors)
    near = joint_probabilities(vectors, 20.0).toarray().astype(np.float64)
    ours = lay(vectors, dimensions, learning_rate=100.0)
    assert ours.shape == (400, dimensions)
    assert divergence(near, ours) < divergence(near, other) * 1.03
    rng = np.random.default_rng(2)
    assert divergence(near, rng.permutation(ours)) > 2 * divergence(near, ours)


def test_the_layout_is_the_same_with_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(module, "LARGE", 100)
    vectors = units(333)
    one = tsne_layout(vectors, dimensions=2, perplexity=9, learning_rate=50, seed=1, threads=1)
    three = tsne_layout(vectors, dimensions=2, perplexity=9, learning_rate=50, seed=1, threads=3)
    assert one.tobytes() == three.tobytes()


def test_more_windows_than_dimensions_and_fewer_start_from_the_same_components():
    vectors = np.random.default_rng(3).normal(size=(40, 30)).astype(np.float32)
    wide = np.concatenate([vectors, np.zeros((40, 30), np.float32)], axis=1)
    few, many = module._start(wide, 2, 51), module._start(vectors, 2, 51)
    signs = np.sign((few * many).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(few, many * signs, atol=1e-8)


def test_equal_vectors_among_others_lie_together():
    vectors = units(60)
    vectors[10:20] = vectors[10]
    layout = lay(vectors, perplexity=8.0)
    assert np.isfinite(layout).all()
    spread = np.ptp(layout, axis=0).max()
    assert np.ptp(layout[10:20], axis=0).max() < 0.05 * spread
