"""Two checkpoints window by window: maps, overlap, quality."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import audio_assets
from audio_assets.analysis.overlap import nearest_columns, shared_neighbours
from audio_assets.analysis.similarity import SimilarityIndex, neighbours_table
from audio_assets.comparison import Comparisons
from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.home import Home
from audio_assets.schemas import COORDINATES
from audio_assets.settings import Settings
from audio_assets.storage import write_parquet
from audio_assets_tests.stored_sets import class_vectors, store_folder, store_vectors


def store_map(home: Home, checkpoint: str, windows: pa.Table, points: np.ndarray) -> None:
    columns = [windows["window_id"], *(pa.array(points[:, i].astype(np.float32)) for i in (0, 1))]
    table = pa.table(columns, schema=COORDINATES)
    write_parquet(home.asset("umap_coords", checkpoint=checkpoint, folder="reef"), table)


def store_neighbours(home: Home, checkpoint: str, windows: pa.Table, vectors: np.ndarray) -> None:
    index = SimilarityIndex(windows["window_id"].combine_chunks(), vectors)
    path = home.asset("similarity_index", checkpoint=checkpoint, folder="reef")
    write_parquet(path, neighbours_table(index, 6))


@pytest.fixture
def home(tmp_path) -> Home:
    """`reef` under `good` and `deaf`, in another order, each with a map and stored neighbours."""
    home = Home(tmp_path).ensure()
    windows = store_folder(home, "reef")
    mixed = windows.take(np.random.default_rng(1).permutation(48))
    good, deaf = class_vectors(48), np.random.default_rng(0).normal(size=(48, 6)).astype("f4")
    for name, rows, vectors in (("good", windows, good), ("deaf", mixed, deaf)):
        store_vectors(home, "reef", name, rows, vectors)
        store_neighbours(home, name, rows, vectors)
        store_map(home, name, rows, vectors[:, :2])
    return home


def vectors_in_order(home: Home, checkpoint: str, ids: list[str]) -> np.ndarray:
    windows, vectors = audio_assets.load_embeddings(
        "reef", checkpoint, settings=Settings(home=home.root)
    )
    row = {window: i for i, window in enumerate(windows["window_id"])}
    return vectors[[row[i] for i in ids]]


def test_shared_neighbours_is_the_share_of_common_columns_of_each_row():
    first = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3]])
    second = np.array([[3, 2, 1], [4, 5, 0], [4, 5, 6]])
    np.testing.assert_allclose(shared_neighbours(first, second), [1, 1 / 3, 0])
    with pytest.raises(ValueError, match="shapes"):
        shared_neighbours(first, second[:, :2])


def test_overlap_and_maps_belong_to_the_same_windows_in_both_spaces(home):
    found = Comparisons(home).open("reef", "good", "deaf", 5)
    sides = [vectors_in_order(home, name, found.window_ids) for name in ("good", "deaf")]
    expected = [
        len(set(a) & set(b)) / 5
        for a, b in zip(*(nearest_columns(side, 5) for side in sides), strict=True)
    ]
    np.testing.assert_allclose(found.overlap, expected)
    for stored, side in zip(found.maps["umap"], sides, strict=True):
        np.testing.assert_allclose(stored, side[:, :2])
    assert list(found.maps) == ["umap"]
    report = audio_assets.compare("reef", ["good", "deaf"], k=5, settings=Settings(home=home.root))
    mean = report["pairs"][0]["neighbour_overlap"]
    assert float(found.overlap.mean()) == pytest.approx(mean, abs=1e-6)


def test_more_neighbours_than_are_stored_are_computed(home):
    found = Comparisons(home).open("reef", "good", "deaf", 20)
    sides = [vectors_in_order(home, name, found.window_ids) for name in ("good", "deaf")]
    near = [nearest_columns(side, 20) for side in sides]
    np.testing.assert_allclose(found.overlap, shared_neighbours(*near))


def test_windows_that_only_one_has_are_left_out(home):
    windows = store_folder(home, "reef")
    store_vectors(home, "reef", "half", windows.slice(0, 20), class_vectors(20))
    found = Comparisons(home).open("reef", "good", "half", 4)
    assert found.window_ids == windows["window_id"].to_pylist()[:20]
    np.testing.assert_allclose(found.overlap, 1.0)
    assert found.maps == {}


def test_nothing_is_computed_twice_until_a_file_changes(home):
    comparisons = Comparisons(home)
    first = comparisons.open("reef", "good", "deaf")
    assert comparisons.open("reef", "good", "deaf") is first
    windows = store_folder(home, "reef")
    store_map(home, "good", windows, np.zeros((48, 2)))
    again = comparisons.open("reef", "good", "deaf")
    assert again is not first
    assert not again.maps["umap"][0].any()


def test_quality_is_that_of_compare(home):
    one = Comparisons(home).quality("reef", "good", 5)
    report = audio_assets.compare("reef", ["good", "deaf"], k=5, settings=Settings(home=home.root))
    assert one == report["checkpoints"]["good"]


def test_what_cannot_be_compared_is_refused_with_the_reason(home):
    comparisons = Comparisons(home)
    with pytest.raises(UsageError, match="two different"):
        comparisons.open("reef", "good", "good")
    with pytest.raises(UsageError, match="k must be"):
        comparisons.open("reef", "good", "deaf", 0)
    with pytest.raises(NotMaterializedError, match="absent"):
        comparisons.open("reef", "good", "absent")
