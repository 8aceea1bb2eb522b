"""A data set in a real MongoDB: one sample per window, and nobody's work lost."""

import time

import numpy as np
import pytest

from audio_assets.errors import EncodingError, StorageError, UsageError
from audio_assets.explore.dataset import delete_dataset, open_dataset

pytestmark = pytest.mark.usefixtures("fiftyone_home")


def test_tc4_dataset_creation_has_samples_vectors_labels_and_locations(fiftyone_home, make_folder):
    folder = make_folder(40)
    report = folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    assert (report.samples, report.added, len(dataset)) == (40, 40, 40)
    assert dataset.persistent
    sample = dataset.first()
    assert sample.filepath == str(folder.png_dir / f"{sample.window_id}.png")
    assert sample.audio_filepath == str(folder.root / "audio/1-0-A-0.wav")
    assert sample.label.label == "dog"
    assert sample.location.point == [-5.0, 40.0], "longitude first"
    assert isinstance(sample.embedding, np.ndarray)
    assert sample.embedding.dtype == np.float32
    assert np.array_equal(np.array(dataset.values("embedding")), folder.vectors())
    assert (sample.fold, sample.target, sample.esc10, sample.take) == (1, 0, True, "A")
    assert dataset.count_values("cluster_tiny_mae.label")["noise"] == 8
    assert sorted(report.brain_keys) == ["sim", "tsne", "umap"]
    assert sorted(dataset.list_brain_runs()) == sorted(report.brain_keys.values())
    indexes = dataset.list_indexes()
    assert {"label.label", "fold", "window_id", "location.point"} <= set(indexes)
    assert report.brain_keys["umap"] in indexes


def test_again_with_nothing_changed_writes_nothing(fiftyone_home, make_folder):
    folder = make_folder()
    first = folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    before = dict(zip(*dataset.values(["id", "last_modified_at"]), strict=True))
    report = folder.sync(fiftyone_home)
    assert not report.changed
    assert report.brain_keys == first.brain_keys
    assert dict(zip(*dataset.values(["id", "last_modified_at"]), strict=True)) == before


def test_windows_come_and_go_and_only_they_change(fiftyone_home, make_folder):
    folder = make_folder(12)
    folder.keep = list(range(10))
    first = folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    ids = dict(zip(*dataset.values(["window_id", "id"]), strict=True))
    folder.keep = [0, *range(2, 12)]
    report = folder.sync(fiftyone_home)
    assert (report.samples, report.added, report.removed) == (11, 2, 1)
    assert report.updated == report.vectors == 0
    after = dict(zip(*dataset.values(["window_id", "id"]), strict=True))
    assert len(dataset) == len(after) == 11
    assert all(after[w] == i for w, i in ids.items() if w in after)
    assert set(report.brain_keys.values()).isdisjoint(first.brain_keys.values())
    dataset.reload()
    assert sorted(dataset.list_brain_runs()) == sorted(report.brain_keys.values())
    assert first.brain_keys["umap"] not in dataset.get_field_schema(), "superseded points are gone"
    points = dataset.load_brain_results(report.brain_keys["umap"])
    assert sorted(points.sample_ids) == sorted(after.values())


def test_what_people_made_survives(fiftyone_home, make_folder):
    import fiftyone as fo

    folder = make_folder(10, custom={"site": ["a"] * 10})
    folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    view = dataset.match_tags("mine")
    dataset.take(3, seed=1).tag_samples("mine")
    dataset.set_values("verdict", {dataset.first().id: "good"}, key_field="id")
    dataset.save_view("mine", view)
    dataset.add_sample(fo.Sample(filepath="/tmp/own.png", tags=["own"]))
    folder.custom = {"site": ["b"] * 10, "verdict": ["ours"] * 10}
    folder.keep.remove(9)
    report = folder.sync(fiftyone_home)
    dataset.reload()
    assert dataset.count_sample_tags()["mine"] >= 2
    assert dataset.first().verdict == "good"
    assert dataset.first().verdict_column == "ours"
    assert report.renamed == {"verdict": "verdict_column"}
    assert dataset.list_saved_views() == ["mine"]
    assert dataset.match_tags("own").count() == 1, "a sample without a window is somebody's own"
    assert set(dataset.exists("window_id").values("site")) == {"b"}
    assert report.updated == 9


def test_a_second_checkpoint_adds_its_own_field_and_runs(fiftyone_home, make_folder):
    folder = make_folder(20)
    first = folder.sync(fiftyone_home, "tiny-mae", seed=0)
    second = folder.sync(fiftyone_home, "Other.v2", seed=5)
    dataset = open_dataset(fiftyone_home, folder.key)
    assert np.array_equal(np.array(dataset.values("embedding")), folder.vectors(0))
    assert np.array_equal(np.array(dataset.values("embedding_other_v2")), folder.vectors(5))
    runs = [*first.brain_keys.values(), *second.brain_keys.values()]
    assert sorted(dataset.list_brain_runs()) == sorted(runs)
    assert (second.added, second.vectors) == (0, 20)
    folder.keep.remove(3)
    third = folder.sync(fiftyone_home, "Other.v2", seed=5)
    assert third.removed == 1
    assert folder.sync(fiftyone_home, "tiny-mae", seed=0).removed == 0


def test_fields_of_a_second_checkpoint_lie_where_those_of_the_first_do(fiftyone_home, make_folder):
    import fiftyone as fo

    folder = make_folder()
    first = folder.sync(fiftyone_home, "tiny-mae", seed=0)
    dataset = open_dataset(fiftyone_home, folder.key)
    before = group_of_fields(dataset)
    dataset.add_sample_field("mine", fo.FloatField)
    second = folder.sync(fiftyone_home, "Other.v2", seed=5)
    after = group_of_fields(open_dataset(fiftyone_home, folder.key))
    assert {field: after[field] for field in before} == before
    for kind in ("umap", "tsne"):
        assert after[second.brain_keys[kind]] == before[first.brain_keys[kind]]
    for field in ("cluster", "outlier_score"):
        assert after[f"{field}_other_v2"] == before[f"{field}_tiny_mae"]
    assert after["embedding_other_v2"] == before["embedding"]
    assert "mine" not in after, "what a person added is shown where FiftyOne shows it"
    assert len(after) == len(set(after)) == len(before) + 5


def group_of_fields(dataset):
    """Group of the sidebar by field; a field is in one at most."""
    groups = dataset.app_config.sidebar_groups
    listed = [(path, group.name) for group in groups for path in group.paths]
    assert len(dict(listed)) == len(listed)
    return dict(listed)


def test_changed_vectors_and_columns_are_updated_and_dropped_columns_disappear(
    fiftyone_home, make_folder
):
    folder = make_folder(10, custom={"site": [1] * 10, "gone": ["x"] * 10})
    folder.sync(fiftyone_home)
    folder.custom = {"site": ["text"] * 10}
    report = folder.sync(fiftyone_home, seed=3)
    dataset = open_dataset(fiftyone_home, folder.key)
    assert report.vectors == 10
    assert np.array_equal(np.array(dataset.values("embedding")), folder.vectors(3))
    assert set(dataset.values("site")) == {"text"}, "a column may change its type"
    assert "gone" not in dataset.get_field_schema()


def test_half_written_work_of_a_killed_process_is_completed(fiftyone_home, make_folder):
    folder = make_folder(10)
    report = folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    dataset.delete_samples(dataset.limit(4))
    dataset.delete_sample_field("fold")
    dataset.delete_brain_run(report.brain_keys["tsne"])
    again = folder.sync(fiftyone_home)
    dataset.reload()
    assert again.added == 4
    assert len(dataset) == 10
    assert sorted(dataset.values("fold")) == sorted([1, 2, 3, 4, 5] * 2)
    assert sorted(dataset.list_brain_runs()) == sorted(again.brain_keys.values())


@pytest.mark.parametrize("kind", ["umap", "sim"])
def test_a_run_without_results_is_made_anew_though_the_record_names_it(
    fiftyone_home, make_folder, kind
):
    """Somebody deleted the run, and who remade it was killed before its results were written."""
    folder = make_folder(12)
    key = folder.sync(fiftyone_home).brain_keys[kind]
    dataset = open_dataset(fiftyone_home, folder.key)
    config = dataset.get_brain_info(key).config
    dataset.delete_brain_run(key)
    config.build().register_run(dataset, key, overwrite=False)
    import fiftyone as fo

    if kind == "umap":
        dataset.add_sample_field(key, fo.ListField, subfield=fo.FloatField)
    assert folder.sync(fiftyone_home).brain_keys[kind] == key
    dataset = open_dataset(fiftyone_home, folder.key)
    results = dataset.load_brain_results(key)
    assert results is not None
    if kind == "umap":
        assert all(point is not None for point in dataset.values(key))
        assert any(path.startswith(key) for path in dataset.list_indexes())


@pytest.mark.parametrize("count", [0, 1, 2])
def test_very_small_folders_work(fiftyone_home, make_folder, count):
    folder = make_folder(count)
    report = folder.sync(fiftyone_home)
    assert report.samples == count
    assert not folder.sync(fiftyone_home).changed
    assert sorted(report.brain_keys) == ([] if count == 0 else ["sim", "tsne", "umap"])


def test_missing_spectrograms_are_named_before_anything_is_written(fiftyone_home, make_folder):
    folder = make_folder(5)
    folder.write_pngs()
    folder.write_pngs = lambda: None
    missing = folder.png_dir / f"{folder.window_id(2)}.png"
    missing.unlink()
    with pytest.raises(StorageError, match=r"1 of 5 spectrogram images are missing.*0002@0"):
        folder.sync(fiftyone_home)


def test_vectors_that_are_not_finite_are_refused(fiftyone_home, make_folder):
    folder = make_folder(5)
    vectors = folder.vectors()
    vectors[3, 0] = np.nan
    folder.vectors = lambda seed=0: vectors
    with pytest.raises(EncodingError, match="not finite"):
        folder.sync(fiftyone_home)


def test_a_data_set_of_somebody_else_is_left_alone(fiftyone_home, make_folder):
    import fiftyone as fo

    folder = make_folder(3)
    theirs = fo.Dataset(folder.key, persistent=True)
    theirs.add_sample(fo.Sample("/of/theirs.png"))
    with pytest.raises(UsageError, match="did not make"):
        folder.sync(fiftyone_home)
    with pytest.raises(UsageError, match="did not make"):
        delete_dataset(fiftyone_home, folder.key)
    assert len(theirs) == 1
    theirs.clear()
    theirs.info = {"purpose": "to be filled"}
    theirs.save()
    with pytest.raises(UsageError, match="did not make"):
        folder.sync(fiftyone_home)


def test_a_data_set_without_anything_in_it_is_of_a_run_that_died(fiftyone_home, make_folder):
    import fiftyone as fo

    folder = make_folder(3)
    fo.Dataset(folder.key, persistent=True)
    assert folder.sync(fiftyone_home).samples == 3
    assert len(open_dataset(fiftyone_home, folder.key)) == 3
    forgotten = make_folder(3)
    fo.Dataset(forgotten.key, persistent=True)
    delete_dataset(fiftyone_home, forgotten.key)
    assert not fo.dataset_exists(forgotten.key)


def test_the_workspace_is_made_once_and_then_belongs_to_its_users(fiftyone_home, make_folder):
    folder = make_folder(3)
    folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    spaces = dataset.load_workspace("explore")
    assert [s.children[0].type for s in spaces.children] == ["Samples", "Embeddings"]
    assert all(s.active_child == s.children[0].component_id for s in spaces.children)
    dataset.delete_workspace("explore")
    spaces.children.pop()
    dataset.save_workspace("explore", spaces)
    folder.sync(fiftyone_home)
    assert len(dataset.load_workspace("explore").children) == 1


def test_every_class_has_a_colour_of_its_own(fiftyone_home, make_folder):
    folder = make_folder(10)
    folder.sync(fiftyone_home)
    scheme = open_dataset(fiftyone_home, folder.key).app_config.color_scheme
    colors = {c["value"]: c["color"] for c in scheme.fields[0]["valueColors"]}
    assert len(set(colors.values())) == 5


def test_deleting_a_data_set_says_whether_there_was_one(fiftyone_home, make_folder):
    folder = make_folder(3)
    folder.sync(fiftyone_home)
    assert delete_dataset(fiftyone_home, folder.key)
    assert not delete_dataset(fiftyone_home, folder.key)


def test_400_samples_are_written_fast(fiftyone_home, make_folder):
    folder = make_folder(400, dim=768)
    started = time.process_time()
    report = folder.sync(fiftyone_home)
    assert report.samples == 400
    assert time.process_time() - started < 3, (
        "0.6 s of processor time on the machine it was made on"
    )
