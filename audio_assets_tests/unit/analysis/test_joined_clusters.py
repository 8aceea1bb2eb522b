"""Clusters of more windows than are clustered: the others join those of a seeded sample."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import LocalOutlierFactor

from audio_assets.analysis import clusters as module
from audio_assets.analysis.clustering.outliers import raw_scores
from audio_assets.analysis.clusters import ClusterParameters, cluster_windows
from audio_assets.analysis.nearest_fitted import NearestFitted, fitted_rows
from audio_assets.analysis.neighbours import unit_rows
from audio_assets.analysis.projection import parameters_of
from audio_assets_tests.unit.analysis.test_out_of_sample import CLUMPS, table_of

SAMPLE = 150


@pytest.fixture(scope="module")
def clumps() -> np.ndarray:
    """Vectors of six clumps, float32 [600, 96], the clump of row i is i % 6."""
    random = np.random.default_rng(2)
    centres = random.standard_normal((CLUMPS, 96))
    noise = random.standard_normal((600, 96))
    return (np.tile(centres, (100, 1)) + 0.3 * noise).astype(np.float32)


@pytest.mark.parametrize("method", ["hdbscan", "kmeans", "agglomerative"])
def test_windows_outside_the_sample_join_the_clusters_of_their_like(
    method: str, clumps: np.ndarray
) -> None:
    params = ClusterParameters(method=method, n_clusters=CLUMPS)  # type: ignore[arg-type]
    found = cluster_windows(table_of(clumps), params, SAMPLE)
    labels = found["cluster"].to_numpy()
    assert adjusted_rand_score(np.arange(600) % CLUMPS, labels) > 0.95
    sizes = np.bincount(labels[labels >= 0])
    assert (np.diff(sizes) <= 0).all(), "numbered by size among all windows"
    assert parameters_of(found)["used"]["fitted"] == SAMPLE
    probabilities = found["probability"].to_numpy()
    assert 0 <= probabilities.min() <= probabilities.max() <= 1
    assert found.equals(cluster_windows(table_of(clumps), params, SAMPLE)), "seeded"


def test_the_sample_has_the_clusters_and_exemplars_it_has_by_itself(clumps: np.ndarray) -> None:
    rows = fitted_rows(len(clumps), SAMPLE, ClusterParameters().seed)
    found = cluster_windows(table_of(clumps), sample=SAMPLE).take(rows)
    alone = cluster_windows(table_of(clumps[rows]))
    assert adjusted_rand_score(found["cluster"].to_numpy(), alone["cluster"].to_numpy()) == 1
    for name in ("probability", "outlier_score", "exemplar"):
        assert found[name].to_pylist() == alone[name].to_pylist(), name


def test_exemplars_are_windows_of_the_sample(clumps: np.ndarray) -> None:
    found = cluster_windows(table_of(clumps), sample=SAMPLE)
    exemplars = np.flatnonzero(found["exemplar"].is_valid())
    assert len(exemplars)
    assert set(exemplars) <= set(fitted_rows(600, SAMPLE, ClusterParameters().seed))


def test_other_windows_are_scored_as_scikit_learn_scores_what_is_new(clumps: np.ndarray) -> None:
    units = unit_rows(clumps)
    known, new = units[:SAMPLE], units[SAMPLE:]
    _, around = raw_scores(known)
    assert around is not None
    ((_, rows, distance),) = NearestFitted(around.units).blocks(new, around.neighbours)
    model = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(known)
    expected = np.maximum(0, 1 + 1 / model.score_samples(new))
    np.testing.assert_allclose(around.scores(rows, distance), expected, atol=2e-3)


def test_a_stray_outside_the_sample_stands_out_and_a_copy_of_a_window_does_not(
    clumps: np.ndarray,
) -> None:
    rows = fitted_rows(600, SAMPLE, ClusterParameters().seed)
    stray, copy = np.setdiff1d(np.arange(600), rows)[[3, 40]]
    vectors = clumps.copy()
    vectors[stray] = -4 * np.random.default_rng(9).standard_normal(96)
    vectors[copy] = vectors[rows[0]]
    scores = cluster_windows(table_of(vectors), sample=SAMPLE)["outlier_score"].to_numpy()
    assert scores.argmax() == stray
    assert scores[copy] < 0.1


def test_identical_windows_are_one_cluster_or_noise_and_never_outliers() -> None:
    found = cluster_windows(table_of(np.ones((300, 16), np.float32)), sample=SAMPLE)
    assert len(set(found["cluster"].to_pylist())) == 1
    assert not found["outlier_score"].to_numpy().any()


def test_agglomerative_clustering_takes_as_many_windows_as_it_can(
    clumps: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGGLOMERATIVE_WINDOWS", 100)
    params = ClusterParameters(method="agglomerative", n_clusters=CLUMPS)
    assert parameters_of(cluster_windows(table_of(clumps), params))["used"]["fitted"] == 100


def test_copies_outside_the_sample_are_no_outliers_and_are_counted_among_all() -> None:
    random = np.random.default_rng(4)
    vectors = random.standard_normal((1200, 32)).astype(np.float32)
    vectors[::6] = -3 * random.standard_normal(32)  # digital silence: 200 windows
    for sample in (300, 1200):
        scores = cluster_windows(table_of(vectors), sample=sample)["outlier_score"].to_numpy()
        assert not scores[::6].any()
        assert scores.any()


def test_a_rare_sound_joins_its_own_cluster_and_not_a_large_one() -> None:
    """Fifteen of a sound among thousands lie outside the principal directions."""
    random = np.random.default_rng(1)
    dim, common = 256, 2.0 * np.random.default_rng(2).standard_normal(256)
    centres, rare = random.standard_normal((100, dim)), random.standard_normal(dim)
    large = centres[random.integers(0, 100, 8000)] + random.standard_normal((8000, dim))
    few = rare + random.standard_normal((30, dim))
    units = unit_rows((common + np.concatenate([few[:15], large])).astype(np.float32))
    new = unit_rows((common + few[15:]).astype(np.float32))
    exact = np.argsort(-(new @ units.T), axis=1)[:, :5]
    found = [rows for _, rows, _ in NearestFitted(units).blocks(new, 15)]
    kept = [len(set(a) & set(b)) for a, b in zip(exact, np.concatenate(found), strict=True)]
    assert np.mean(kept) > 4.5


def test_a_small_sample_does_not_take_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio_assets.analysis.nearest_fitted.BLOCK_BYTES", 1 << 20)
    units = unit_rows(np.random.default_rng(0).standard_normal((100, 512)).astype(np.float32))
    blocks = list(NearestFitted(units).blocks(np.repeat(units, 20, axis=0), 15))
    assert max(len(rows) for _, rows, _ in blocks) <= (1 << 20) // (4 * 60 * 512)
    assert sum(len(rows) for _, rows, _ in blocks) == 2000
    nearest = np.concatenate([rows[:, 0] for _, rows, _ in blocks])
    assert np.array_equal(nearest, np.repeat(np.arange(100), 20))
    for _, rows, _ in blocks:
        assert all(len(set(row)) == 15 for row in rows.tolist()), "no neighbour twice"
