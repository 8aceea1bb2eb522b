"""FR-1 to FR-9 and TC-1 to TC-6 of the requirements page, by name, on one real run of 60 clips."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

import audio_assets
from audio_assets.analysis.quality import intra_inter_distance, precision_at_k
from audio_assets.encoding.config import Config
from audio_assets.encoding.generator import EmbeddingGenerator
from audio_assets.errors import CheckpointError, StorageError
from audio_assets.home import SHIPPED_CHECKPOINTS
from audio_assets.models.encoder import load_encoder
from audio_assets.orchestration.resources import ComputeResource

CHECKPOINT = "audiomaepp-esc10"
WEIGHTS = SHIPPED_CHECKPOINTS / CHECKPOINT / "weights.safetensors"


@pytest.fixture(scope="module")
def vectors(finished_run):
    return audio_assets.load_embeddings(finished_run.folder, settings=finished_run.settings)


@pytest.fixture(scope="module")
def dataset(finished_run):
    from audio_assets.explore.dataset import open_dataset

    return open_dataset(finished_run.home, finished_run.folder)


@pytest.fixture(scope="module")
def encoder():
    return load_encoder(CHECKPOINT, device="cpu")


def test_fr1_the_cls_token_of_the_encoder_is_the_embedding(finished_run, vectors, encoder):
    windows, stored = vectors
    assert stored.shape == (len(finished_run.files), 768)
    assert np.isfinite(stored).all()
    from audio_assets.encoding.window_arrays import WindowArrays

    arrays = WindowArrays.open(finished_run.home.asset("spectrograms", folder=finished_run.folder))
    latent, _, _ = encoder.forward_encoder(np.array(arrays.array[:4]), mask_ratio=0.0)
    assert tuple(latent.shape) == (4, 197, 768)
    row = {w: i for i, w in enumerate(windows["window_id"])}
    order = [row[w] for w in arrays.window_ids.to_pylist()[:4]]
    single = finished_run.single_input[order]  # windows that need more than one input are means
    expected = latent[:, 0, :].detach().float().numpy()
    found, wanted = stored[order][single], expected[single]
    _, precision = ComputeResource.of(finished_run.settings).effective(encoder.card)
    if precision == "fp32":
        assert np.allclose(found, wanted, atol=1e-4)
    norms = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
    assert ((found * wanted).sum(axis=1) / norms > 0.999).all()


def test_fr2_the_esc50_layout_is_loaded_with_class_fold_and_major_group(vectors):
    windows, _ = vectors
    assert windows["label"].notna().all()
    assert set(windows["fold"]) <= {1, 2, 3, 4, 5}
    assert set(windows["major_group"].dropna()) <= {
        "animals", "nature", "human", "interior", "urban",
    }  # fmt: skip


def test_fr2_a_corrupted_file_is_a_reason_and_not_the_end(finished_run):
    assert [item["path"] for item in finished_run.report.failed] == ["audio/broken.wav"]
    assert finished_run.report.failed[0]["reason"]


def test_fr3_custom_columns_are_kept_and_coordinates_are_synthetic_only_when_asked(vectors):
    windows, _ = vectors
    assert windows["recorder"].isin(["north", "south"]).all()
    assert windows["lat"].between(-90, 90).all()
    assert windows["lon"].between(-180, 180).all()
    assert set(windows["coordinates"]) == {"synthetic"}
    spread = windows.groupby("label")[["lat", "lon"]].std().mean().mean()
    assert spread < windows[["lat", "lon"]].std().mean() / 2  # clustered by category


def test_fr4_the_data_set_has_the_specified_sample_schema(finished_run, dataset):
    import fiftyone as fo

    assert dataset.persistent
    assert dataset.count("id") == len(finished_run.files)
    schema = dataset.get_field_schema()
    for name in ("filepath", "audio_filepath", "label", "location", "fold", "target", "category",
                 "esc10", "filename", "src_file", "take", "recorder"):  # fmt: skip
        assert name in schema, name
    sample = dataset.first()
    assert isinstance(schema["embedding"], fo.VectorField)
    assert isinstance(sample.label, fo.Classification)
    assert sample.filepath.endswith(".png")
    assert sample.audio_filepath.startswith(str(finished_run.root))


def test_fr5_search_by_sample_and_by_vector_gives_twenty_by_default(finished_run, dataset, vectors):
    windows, stored = vectors
    rows = audio_assets.search(
        finished_run.folder, window_id=windows["window_id"][0], settings=finished_run.settings
    )
    assert len(rows) == min(20, len(windows) - 1)  # there are 20 where sounds are synthesized
    assert [r["score"] for r in rows] == sorted((r["score"] for r in rows), reverse=True)
    assert windows["window_id"][0] not in {r["window_id"] for r in rows}
    by_vector = audio_assets.search(
        finished_run.folder, vector=stored[0], settings=finished_run.settings
    )
    assert by_vector[0]["window_id"] == windows["window_id"][0]
    assert by_vector[0]["score"] == pytest.approx(1, abs=1e-5)
    key = next(k for k in dataset.list_brain_runs() if k.startswith("sim"))
    view = dataset.sort_by_similarity(dataset.first().id, k=20, brain_key=key)
    assert len(view) == 20


def test_fr6_there_is_a_umap_and_a_tsne_map_and_a_lasso_is_a_view(dataset):
    keys = dataset.list_brain_runs()
    assert {k.split("_")[0] for k in keys} == {"sim", "umap", "tsne"}
    for kind in ("umap", "tsne"):
        points = dataset.load_brain_results(next(k for k in keys if k.startswith(kind))).points
        assert points.shape == (dataset.count("id"), 2)
        assert np.isfinite(points).all()
    chosen = np.flatnonzero(points[:, 0] > np.median(points[:, 0]))
    ids = np.array(dataset.values("id"))[chosen]
    assert len(dataset.select(list(ids))) == len(chosen)


def test_fr7_locations_are_longitude_first(dataset, vectors):
    windows, _ = vectors
    sample = dataset.first()
    row = windows.set_index("window_id").loc[sample.window_id]
    assert sample.location.point == pytest.approx([row["lon"], row["lat"]])


def test_fr8_filters_by_label_fold_category_box_and_all_together(dataset, vectors):
    from fiftyone import ViewField

    from audio_assets.explore.filters import in_box

    windows, _ = vectors
    label, fold = windows["label"][0], int(windows["fold"][0])
    assert (
        len(dataset.match(ViewField("label.label") == label)) == (windows["label"] == label).sum()
    )
    assert len(dataset.match(ViewField("fold") == fold)) == (windows["fold"] == fold).sum()
    mine = windows[(windows["label"] == label)]
    box = (mine["lat"].min(), mine["lon"].min(), mine["lat"].max(), mine["lon"].max())
    south, west, north, east = box
    inside = windows[windows["lat"].between(south, north) & windows["lon"].between(west, east)]
    view = in_box(dataset, south, west, north, east)
    assert len(view) == len(inside)
    both = view.match((ViewField("fold") == fold) & (ViewField("label.label") == label))
    assert len(both) == ((inside["fold"] == fold) & (inside["label"] == label)).sum()


def test_fr9_every_sample_shows_a_png_that_exists_and_keeps_the_sound(dataset):
    from pathlib import Path

    for sample in dataset.iter_samples():
        assert Path(sample.filepath).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert Path(sample.audio_filepath).is_file()


def test_fr9_a_missing_png_is_named_before_the_data_set_is_touched(finished_run, tmp_path):
    from audio_assets.explore.samples import check_previews

    with pytest.raises(StorageError, match="abc@0\\+1"):
        check_previews(tmp_path, ["abc@0+1"])


def test_tc1_a_valid_checkpoint_loads_and_a_wrong_one_says_what_it_is(tmp_path):
    assert load_encoder(WEIGHTS, device="cpu").dim == 768
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_encoder(tmp_path / "absent.pt")
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes(WEIGHTS.read_bytes()[:100_000])
    with pytest.raises(CheckpointError, match="torn"):
        load_encoder(torn)


def generator(root, cache, encoder, name="tc"):
    config = Config(WEIGHTS, data_root=root, cache_dir=cache, dataset_name=name, device="cpu")
    return EmbeddingGenerator(encoder, config, encoder.transform)


def test_tc2_one_file_sixteen_files_none_and_a_corrupted_one(
    finished_run, encoder, tmp_path, caplog
):
    make = generator(finished_run.root, tmp_path / "cache", encoder)
    paths = [finished_run.root / path for path in finished_run.files[:16]]
    one, info = make.generate_embeddings(paths[:1], use_cache=False)
    assert one.shape == (1, 768)
    assert info["filenames"] == [paths[0].name]
    sixteen, _ = make.generate_embeddings(paths, use_cache=False)
    assert sixteen.shape == (16, 768)
    assert np.allclose(sixteen[0], one[0], atol=1e-5)
    none, _ = make.generate_embeddings([], use_cache=False)
    assert none.shape == (0, 768)
    assert caplog.records
    broken = finished_run.root / "audio" / "broken.wav"
    some, info = make.generate_embeddings([paths[0], broken], use_cache=False)
    assert some.shape == (1, 768)
    assert "broken.wav" in str(info["failed"])
    assert info["timestamp"]


def test_tc3_the_cache_is_used_extended_and_dropped_when_the_model_changes(
    finished_run, encoder, tmp_path
):
    paths = [finished_run.root / path for path in finished_run.files[:8]]
    make = generator(finished_run.root, tmp_path / "cache", encoder)
    calls = []

    class Counting:
        """The real encoder, counting the rows that it is given."""

        def __getattr__(self, name):
            return getattr(encoder, name)

        def encode_inputs(self, inputs):
            calls.append(len(inputs))
            return encoder.encode_inputs(inputs)

    make = generator(finished_run.root, tmp_path / "cache", Counting())
    first, _ = make.generate_embeddings(paths[:6])
    assert calls
    calls.clear()
    started = time.perf_counter()
    again, _ = make.generate_embeddings(paths[:6])
    assert time.perf_counter() - started < 5
    assert not calls
    assert np.array_equal(first, again)
    more, info = make.generate_embeddings(paths)
    assert more.shape == (8, 768)
    assert np.array_equal(more[:6], first)
    assert info["filenames"] == [p.name for p in paths]
    assert sum(calls) <= 32  # one padded batch for the two new files


def test_tc4_every_sample_has_a_vector_a_label_and_a_place(dataset):
    embeddings = dataset.values("embedding")
    assert all(e is not None and np.isfinite(e).all() for e in embeddings)
    assert all(label.label for label in dataset.values("label"))
    for lon, lat in dataset.values("location.point"):
        assert -180 <= lon <= 180
        assert -90 <= lat <= 90


def test_tc5_similar_classes_cluster_and_different_ones_separate(vectors):
    windows, stored = vectors
    labels = windows["label"].to_numpy()
    intra, inter = intra_inter_distance(stored, labels)
    assert intra < inter
    counts = pd.Series(labels).value_counts()
    chance = (counts / len(labels)).pow(2).sum()
    k = min(5, counts.min() - 1)  # two of a class where sounds are synthesized
    assert precision_at_k(stored, labels, k=k) > 3 * chance


def test_tc6_maps_are_finished_in_time_and_grouped_by_category(finished_run, dataset):
    assert finished_run.report.seconds["umap_coords"] < 90
    assert finished_run.report.seconds["tsne_coords"] < 180
    labels = np.array([label.label for label in dataset.values("label")])
    for key in dataset.list_brain_runs():
        if key.startswith(("umap", "tsne")):
            intra, inter = intra_inter_distance(dataset.load_brain_results(key).points, labels)
            assert intra < inter


def test_the_run_left_nothing_among_the_recordings(finished_run):
    found = {p.relative_to(finished_run.root).as_posix() for p in finished_run.root.rglob("*.*")}
    assert found == {*finished_run.files, "audio/broken.wav", "meta/esc50.csv"}
