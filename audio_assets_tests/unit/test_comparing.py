"""Comparing checkpoints: measures side by side, never two of them in one space."""

from __future__ import annotations

import numpy as np
import pytest

import audio_assets
from audio_assets.comparing import nearest_between, neighbour_overlap
from audio_assets.embedding_sets import IncompatibleSetsError, list_embedding_sets
from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.home import Home
from audio_assets.settings import Settings
from audio_assets_tests.stored_sets import class_vectors, store_folder, store_vectors


@pytest.fixture
def home(tmp_path) -> Home:
    """`reef` under a good, a rotated good (`turned`) and a useless checkpoint (`deaf`)."""
    home = Home(tmp_path).ensure()
    windows = store_folder(home, "reef")
    vectors = class_vectors(48)
    rotation = np.linalg.qr(np.random.default_rng(2).normal(size=(16, 16)))[0]
    store_vectors(home, "reef", "good", windows, vectors)
    store_vectors(home, "reef", "turned", windows, (vectors @ rotation).astype(np.float32))
    deaf = np.random.default_rng(0).normal(size=(48, 6)).astype(np.float32)
    store_vectors(home, "reef", "deaf", windows, deaf)
    return home


def compare(home: Home, *checkpoints: str, **options):
    return audio_assets.compare("reef", checkpoints, settings=Settings(home=home.root), **options)


def test_each_checkpoint_is_measured_in_its_own_space(home):
    report = compare(home, "good", "deaf", k=4)
    assert report["windows"] == 48
    good, deaf = report["checkpoints"]["good"], report["checkpoints"]["deaf"]
    assert (good["dim"], deaf["dim"]) == (16, 6)
    assert good["by"] == "fold"
    assert good["knn_accuracy"] == good["precision_at_k"] == 1.0
    assert deaf["knn_accuracy"] < 0.6
    overlap = report["pairs"][0]["neighbour_overlap"]
    assert overlap == pytest.approx(report["pairs"][0]["chance_overlap"], abs=0.1)


def test_a_rotated_space_has_the_same_neighbours(home):
    pair = compare(home, "good", "turned")["pairs"][0]
    assert pair["neighbour_overlap"] == 1.0
    assert pair["cluster_ari"] is None  # clusters were not computed


def test_neighbour_overlap_is_the_mean_share_of_common_neighbours():
    a, b = class_vectors(20, seed=1), class_vectors(20, seed=2)

    def near(v):
        units = v / np.linalg.norm(v, axis=1, keepdims=True)
        scores = units @ units.T - 9 * np.eye(20)
        return np.argsort(-scores, axis=1)[:, :4]

    expected = np.mean([len(set(x) & set(y)) / 4 for x, y in zip(near(a), near(b), strict=True)])
    assert neighbour_overlap(a, b, 4) == pytest.approx(expected)


def test_windows_that_only_one_checkpoint_has_are_left_out(home):
    windows = store_folder(home, "reef")
    store_vectors(home, "reef", "half", windows.slice(0, 20), class_vectors(20))
    report = compare(home, "good", "half")
    assert report["windows"] == 20
    assert report["checkpoints"]["good"]["windows"] == 48


def test_what_cannot_be_compared_is_refused_with_the_reason(home):
    with pytest.raises(UsageError, match="two different checkpoints"):
        compare(home, "good", "good")
    with pytest.raises(NotMaterializedError, match="absent"):
        compare(home, "good", "absent")
    with pytest.raises(UsageError, match="k must be"):
        compare(home, "good", "deaf", k=0)


def test_distances_between_vectors_of_two_checkpoints_are_refused(home):
    sets = {c: list_embedding_sets(home, "reef", c) for c in ("good", "turned", "deaf")}
    with pytest.raises(IncompatibleSetsError, match="no common space"):
        nearest_between(home, sets["good"][0].id, sets["deaf"][0].id)
    with pytest.raises(IncompatibleSetsError, match="encoded differently"):
        nearest_between(home, sets["good"][0].id, sets["turned"][0].id)
    rows = nearest_between(home, sets["good"][0].id, sets["good"][4].id)
    assert len(rows) == 2
    assert rows[0]["score"] >= rows[1]["score"] > 0.5
