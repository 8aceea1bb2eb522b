"""Clustering methods, exemplars, outlier scores, measures: against definitions and references."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics import adjusted_rand_score, pairwise_distances
from sklearn.neighbors import LocalOutlierFactor

from audio_assets.analysis.clustering import methods
from audio_assets.analysis.clustering.dbcv import dbcv
from audio_assets.analysis.clustering.exemplars import exemplar_ranks
from audio_assets.analysis.clustering.measures import internal_quality, label_quality, stability
from audio_assets.analysis.clustering.methods import cluster_vectors
from audio_assets.analysis.clustering.outliers import outlier_scores
from audio_assets.analysis.clustering.parameters import ClusteringRequest, ClusterParameters
from audio_assets.analysis.neighbours import unit_rows
from audio_assets.errors import UsageError
from audio_assets.settings import Settings
from audio_assets_tests.stored_sets import class_vectors

TRUTH = np.arange(96) // 2 % 4
PLAIN = {"umap_dimensions": None, "min_cluster_size": 5, "n_clusters": 4}


@pytest.mark.parametrize("method", ["hdbscan", "kmeans", "agglomerative"])
def test_every_method_finds_the_classes_and_says_how_sure_it_is(method):
    found = cluster_vectors(class_vectors(96), ClusterParameters(method=method, **PLAIN))
    assert adjusted_rand_score(TRUTH, found.labels) > 0.9
    assert found.probabilities.dtype == np.float32
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
    assert found.probabilities[found.labels >= 0].mean() > 0.3
    assert (found.probabilities[found.labels < 0] == 0).all()
    assert found.used["method"] == method
    again = cluster_vectors(class_vectors(96), ClusterParameters(method=method, **PLAIN))
    assert np.array_equal(found.labels, again.labels)


@pytest.mark.parametrize("method", ["hdbscan", "kmeans", "agglomerative"])
@pytest.mark.parametrize("vectors", [np.zeros((0, 4)), np.eye(3), np.ones((9, 4)), np.eye(5)])
def test_few_or_equal_vectors_do_not_crash(method, vectors):
    params = ClusterParameters(method=method, umap_dimensions=None)
    found = cluster_vectors(vectors.astype(np.float32), params)
    assert len(found.labels) == len(found.probabilities) == len(vectors)
    assert np.isfinite(found.probabilities).all()
    assert np.isfinite(outlier_scores(vectors)).all()
    exemplar_ranks(found.space, found.labels)
    internal_quality(found, vectors)


def test_clusters_are_numbered_by_size():
    vectors = np.concatenate([class_vectors(96)[TRUTH == 0], class_vectors(96)[TRUTH == 1][:9]])
    params = ClusterParameters(method="kmeans", umap_dimensions=None, n_clusters=2)
    labels = cluster_vectors(vectors, params).labels
    assert labels.tolist() == [0] * 24 + [1] * 9


def test_agglomerative_clustering_of_too_many_windows_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(methods, "AGGLOMERATIVE_WINDOWS", 50)
    with pytest.raises(UsageError, match="Use hdbscan or kmeans"):
        cluster_vectors(class_vectors(96), ClusterParameters(method="agglomerative", **PLAIN))


def test_a_medoid_has_the_smallest_mean_distance_and_noise_has_none():
    points = np.random.default_rng(1).normal(size=(40, 3))
    labels = np.arange(40) % 3 - 1
    ranks = exemplar_ranks(points, labels, count=3)
    for cluster in (0, 1):
        members = np.flatnonzero(labels == cluster)
        order = members[np.argsort(pairwise_distances(points[members]).sum(axis=1))]
        assert ranks[order[:3]].tolist() == [0, 1, 2]
        assert (ranks[order[3:]] == -1).all()
    assert (ranks[labels < 0] == -1).all()


def test_outlier_scores_are_those_of_the_local_outlier_factor():
    vectors = class_vectors(96)
    model = LocalOutlierFactor(n_neighbors=20).fit(unit_rows(vectors))
    expected = np.maximum(0, 1 + 1 / model.negative_outlier_factor_)
    np.testing.assert_allclose(outlier_scores(vectors), expected, atol=2e-4)


def test_a_stray_vector_ranks_first_and_identical_ones_are_no_outliers():
    vectors = class_vectors(96)
    vectors[17] = -vectors.mean(axis=0) * 5
    assert outlier_scores(vectors).argmax() == 17
    silence = np.repeat(vectors[:1], 40, axis=0)
    scores = outlier_scores(np.concatenate([vectors, silence]))
    assert scores[:96].argmax() == 17
    assert (scores[96:] == 0).all()
    np.testing.assert_array_equal(scores[1:96], outlier_scores(vectors)[1:])
    assert scores.max() < 1


def clouds(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "moons":
        return make_moons(120, noise=0.06, random_state=4)
    if name == "wide":
        return make_blobs(90, n_features=40, centers=3, random_state=1, cluster_std=4.0)[:2]
    points, labels = make_blobs(150, n_features=5, centers=4, random_state=7, cluster_std=2.5)[:2]
    labels[::11] = -1
    return points, labels


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("moons", 0.3585047905213655),
        ("blobs", 0.1539964196008182),
        ("wide", 0.3794581309567423),
    ],
)
def test_dbcv_is_that_of_the_package_hdbscan(name, reference):
    """References: hdbscan.validity.validity_index of hdbscan 0.8."""
    assert dbcv(*clouds(name)) == pytest.approx(reference, abs=1e-6)


def test_dbcv_of_one_cluster_is_undefined():
    assert np.isnan(dbcv(np.random.default_rng(0).normal(size=(9, 2)), np.zeros(9, int)))


def test_quality_says_what_is_undefined_and_why():
    vectors = class_vectors(96)
    good = cluster_vectors(vectors, ClusterParameters(method="kmeans", **PLAIN))
    quality = internal_quality(good, vectors)
    assert quality["undefined"] == {}
    assert quality["silhouette"] > 0.4
    assert quality["dbcv"] is not None
    one = cluster_vectors(
        vectors, ClusterParameters(method="kmeans", umap_dimensions=None, n_clusters=1)
    )
    quality = internal_quality(one, vectors)
    assert (quality["silhouette"], quality["dbcv"]) == (None, None)
    assert "found 1" in quality["undefined"]["dbcv"]


def test_agreement_with_labels_leaves_unlabelled_windows_out():
    labels = ["a", "a", "b", None]
    found = label_quality(labels, np.array([0, 0, 1, 1]))
    assert found is not None
    assert (found["windows"], found["classes"], found["ari"], found["purity"]) == (3, 2, 1.0, 1.0)
    assert label_quality([None, None], np.array([0, 1])) is None


def test_stability_is_one_where_classes_are_clear_and_lower_in_noise():
    params = ClusterParameters(method="kmeans", **PLAIN)
    clear = class_vectors(96)
    found = stability(clear, params, cluster_vectors(clear, params).labels, 2)
    assert found["mean_ari"] == 1.0
    assert found["seeds"] == [51, 52, 53]
    noise = np.random.default_rng(0).normal(size=(96, 16)).astype(np.float32)
    less = stability(noise, params, cluster_vectors(noise, params).labels, 2)
    assert less["mean_ari"] < 0.9


def test_stability_of_a_method_without_chance_is_undefined():
    vectors = class_vectors(96)
    params = ClusterParameters(method="hdbscan", **PLAIN)
    found = stability(vectors, params, cluster_vectors(vectors, params).labels, 2)
    assert found["mean_ari"] is None
    assert "no random step" in found["undefined"]


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"folder": "a", "embedding_sets": ["x"]}, {"embedding_sets": ["x"], "checkpoint": "c"},
        {"folder": "a", "umap_dimensions": 1}, {"folder": "a", "method": "dbscan"},
        {"folder": "a", "min_cluster_size": 1}, {"folder": "a", "n_cluster": 3},
    ],
)  # fmt: skip
def test_a_request_that_does_not_fit_is_one_sentence(fields):
    with pytest.raises(UsageError, match="This clustering cannot be asked for: "):
        ClusteringRequest.of(fields)


def test_zero_dimensions_mean_no_umap_and_settings_become_parameters():
    assert ClusteringRequest.of({"folder": "a", "umap_dimensions": 0}).umap_dimensions is None
    settings = Settings(cluster_method="kmeans", cluster_count=7, cluster_dimensions=0)
    params = ClusterParameters.from_settings(settings)
    assert (params.method, params.n_clusters, params.umap_dimensions) == ("kmeans", 7, None)


def test_a_cluster_of_copies_has_a_quality():
    rng = np.random.default_rng(3)
    vectors = np.concatenate([np.tile(rng.normal(size=8), (30, 1)), rng.normal(size=(30, 8))])
    labels = np.repeat([0, 1], 30).astype(np.int32)
    assert -1 <= dbcv(vectors, labels) <= 1
