"""Quality figures against cases worked out by hand, and the scatter plot."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from audio_assets.analysis.plots import scatter_png
from audio_assets.analysis.quality import (
    cluster_agreement,
    intra_inter_distance,
    knn_accuracy,
    precision_at_k,
)


def circle(*degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_knn_accuracy_and_precision_of_a_case_worked_by_hand():
    references, labels = circle(0, 10, 40, 90, 100), np.array(list("aabbb"))
    queries = circle(5, 30, 95)
    truth = np.array(list("aab"))
    # 3 nearest: 5 -> 0a 10a 40b; 30 -> 40b 10a 0a; 95 -> 90b 100b 40b
    arguments = (queries, truth, references, labels)
    assert knn_accuracy(*arguments, k=3, centre=False) == 1.0
    assert knn_accuracy(*arguments, k=1, centre=False) == pytest.approx(2 / 3)
    assert precision_at_k(*arguments, k=3, centre=False) == pytest.approx((2 + 2 + 3) / 9)


def test_equal_votes_are_won_by_the_larger_cosine():
    references, labels = circle(10, 20, 50, 55), np.array(list("abba"))
    assert knn_accuracy(circle(0), np.array(["a"]), references, labels, k=2, centre=False) == 1.0


def test_leave_one_out_never_finds_the_query_itself():
    vectors, labels = circle(0, 1, 90, 91), np.array([0, 1, 2, 3])
    assert knn_accuracy(vectors, labels, k=1, centre=False) == 0.0


def test_centring_takes_the_mean_of_the_references_away():
    references = circle(0, 180) * 0.1 + [10.0, 0.0]
    assert knn_accuracy(circle(0) * 0.1 + [10.0, 0.0], np.array(["a"]), references,
                        np.array(["a", "b"]), k=1) == 1.0  # fmt: skip


def test_intra_and_inter_distance_are_the_means_over_pairs():
    vectors, labels = circle(0, 60, 90), np.array(["a", "a", "b"])
    intra, inter = intra_inter_distance(vectors, labels)
    assert intra == pytest.approx(0.5)
    assert inter == pytest.approx((1 + (1 - math.cos(math.radians(30)))) / 2)


def test_distances_agree_with_all_pairs_for_random_vectors():
    rng = np.random.default_rng(0)
    vectors, labels = rng.normal(size=(40, 5)), rng.integers(0, 3, 40)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distance = 1 - units @ units.T
    same = labels[:, None] == labels[None]
    off = ~np.eye(40, dtype=bool)
    intra, inter = intra_inter_distance(vectors, labels)
    assert intra == pytest.approx(distance[same & off].mean(), abs=1e-6)
    assert inter == pytest.approx(distance[~same].mean(), abs=1e-6)


def test_cluster_agreement_of_perfect_and_of_useless_clusters():
    labels = np.array(list("aaabbb"))
    perfect = cluster_agreement(labels, np.array([1, 1, 1, 0, 0, 0]))
    assert (perfect["ari"], perfect["nmi"], perfect["purity"]) == (1, pytest.approx(1), 1)
    mixed = cluster_agreement(labels, np.array([0, 0, 1, 1, 1, -1]))
    assert mixed["purity"] == pytest.approx(4 / 5)
    assert mixed["noise"] == pytest.approx(1 / 6)
    assert mixed["clusters"] == 2
    assert math.isnan(cluster_agreement(labels, np.full(6, -1))["purity"])


def test_nothing_to_measure_is_nan_and_no_crash():
    empty, none = np.empty((0, 4)), np.empty(0, int)
    assert math.isnan(knn_accuracy(empty, none))
    assert math.isnan(precision_at_k(empty, none))
    assert all(map(math.isnan, intra_inter_distance(empty, none)))
    assert math.isnan(cluster_agreement(none, none)["ari"])


@pytest.mark.parametrize("count", [0, 1, 400, 20_000])
def test_the_scatter_plot_is_a_small_png(count):
    rng = np.random.default_rng(0)
    labels = [f"class {i % 50}" for i in range(count)]
    png = scatter_png(rng.normal(size=(count, 2)), labels)
    assert len(png) <= 50_000
    assert Image.open(io.BytesIO(png)).format == "PNG"


def test_the_scatter_plot_takes_clusters_with_noise_and_no_labels():
    xy = np.random.default_rng(0).normal(size=(50, 2))
    assert scatter_png(xy)
    assert scatter_png(xy, np.arange(50) % 3 - 1)
    assert scatter_png(np.zeros((3, 2)), [None, "", float("nan")])
