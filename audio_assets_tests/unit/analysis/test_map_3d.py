"""Three-dimensional maps beside the flat ones."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.analysis.map_3d import make_map_3d, read_map_3d
from audio_assets.errors import NotMaterializedError
from audio_assets.home import Home
from audio_assets.orchestration.versions import code_versions
from audio_assets.reading import embeddings_table
from audio_assets.schemas import COORDINATES_3D
from audio_assets.settings import Settings
from audio_assets_tests.stored_sets import class_vectors, store_folder, store_vectors


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path).ensure()
    store_vectors(home, "reef", "good", store_folder(home, "reef"), class_vectors(48))
    return home


def make(home: Home, settings: Settings):
    table = embeddings_table(home, "reef", "good")
    return make_map_3d(home, "reef", "good", "tsne", table, settings)


def test_a_map_in_three_dimensions_keeps_classes_together_and_is_stored(home):
    settings = Settings(home=home.root, tsne_perplexity=8)
    assert read_map_3d(home, "reef", "good", "tsne", settings) is None
    made = make(home, settings)
    assert made.schema.equals(COORDINATES_3D, check_metadata=False)
    points = np.stack([made[axis].to_numpy() for axis in "xyz"], axis=1)
    assert np.ptp(points, axis=0).min() > 0
    label = np.arange(48) // 2 % 4
    distance = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(48)
    assert (label[distance.argmin(axis=1)] == label).mean() > 0.9
    stored = read_map_3d(home, "reef", "good", "tsne", settings)
    assert stored is not None
    assert stored.equals(made)


def test_a_stored_map_is_used_only_for_the_vectors_and_parameters_it_was_made_of(home):
    settings = Settings(home=home.root, tsne_perplexity=8)
    made = make(home, settings)
    assert make(home, settings).equals(made)
    other = Settings(home=home.root, tsne_perplexity=5)
    assert read_map_3d(home, "reef", "good", "tsne", other) is None
    windows = store_folder(home, "reef")
    store_vectors(home, "reef", "good", windows, class_vectors(48), encoding_signature="e" * 64)
    assert read_map_3d(home, "reef", "good", "tsne", settings) is None


def test_a_pair_without_vectors_is_said_to_have_none(home):
    with pytest.raises(NotMaterializedError, match="absent"):
        read_map_3d(home, "reef", "absent", "umap", Settings(home=home.root))


def test_asking_for_three_dimensions_makes_exactly_the_maps_stale():
    flat, deep = (code_versions(Settings(map_dimensions=d)) for d in (2, 3))
    assert {a for a in flat if flat[a] != deep[a]} == {"umap_coords", "tsne_coords"}
