"""The whole chain on real recordings: what is computed, and above all what is not."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from audio_assets.errors import CheckpointError, RecordingError, StorageError, UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.orchestration.ci_checks import failing_checks
from audio_assets.orchestration.jobs import ALL_ASSETS, ANALYSES
from audio_assets.orchestration.runner import RunReport, run_folder
from audio_assets.orchestration.status import status_rows
from audio_assets.running import register_folder
from audio_assets.storage import read_json, read_parquet
from audio_assets_tests.integration.orchestration.conftest import CHECKPOINT, CLIPS, Chain

ROOTS = {"raw_audio", "model_checkpoint"}


def executed(report: RunReport) -> set[str]:
    """Assets that a run computed beyond the two roots."""
    return {name for name, seconds in report.seconds.items() if seconds > 0} - ROOTS


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that scans open from now on."""
    from audio_assets.recordings import scan

    opened: list[str] = []
    real = scan.verify_apart

    def count(path: Path, *rest: Any, **more: Any) -> Any:
        opened.append(path.name)
        return real(path, *rest, **more)

    monkeypatch.setattr(scan, "verify_apart", count)
    return opened


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading a model is an error."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("audio_assets.models.encoder.load_encoder", refuse)


def test_the_first_run_makes_everything(chain: Chain, first_run: RunReport) -> None:
    assert executed(first_run) == set(ALL_ASSETS) - ROOTS
    assert (first_run.recordings, first_run.windows, first_run.encoded) == (CLIPS, CLIPS, CLIPS)
    assert (first_run.dim, first_run.failed, first_run.failed_checks) == (64, [], [])
    assert first_run.dataset == chain.key
    assert all(chain.path(asset).exists() for asset in ALL_ASSETS if asset != "model_checkpoint")
    contract = {"folder", "checkpoint", "dataset", "recordings", "failed", "windows", "encoded",
                "reused", "dim", "encoding_signature", "seconds", "peak_rss_mb"}  # fmt: skip
    assert contract <= json.loads(json.dumps(first_run.to_dict())).keys()


def test_every_check_passes(chain: Chain, first_run: RunReport) -> None:
    assert failing_checks(chain.home, chain.key, CHECKPOINT, chain.settings()) == []


def test_the_asset_graph_shows_previews(chain: Chain, first_run: RunReport) -> None:
    import dagster as dg

    from audio_assets.orchestration.instance import open_instance

    def metadata(asset: str, key: str) -> dict[str, Any]:
        filters = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[key])
        with open_instance(chain.home) as instance:
            (record,) = instance.fetch_materializations(filters, limit=1).records
        materialization = record.asset_materialization
        assert materialization is not None
        return {k: v.value for k, v in materialization.metadata.items()}

    pair = f"{CHECKPOINT}|{chain.key}"
    sheet = metadata("spectrograms", chain.key)["sheet"]
    assert sheet.startswith("![spectrograms](data:image/jpeg;base64,")
    assert len(sheet) < 70_000
    assert "data:image/png" in metadata("umap_coords", pair)["map"]
    assert metadata("metadata_table", chain.key)["dagster/row_count"] == CLIPS
    assert len(metadata("metadata_table", chain.key)["classes"].records) > 1
    columns = metadata("embeddings", pair)["dagster/column_schema"].columns
    assert "embedding" in {column.name for column in columns}


def test_a_rerun_opens_no_file_and_encodes_nothing(
    chain: Chain, first_run: RunReport, verified: list[str], no_model: None
) -> None:
    report = chain.run()
    assert verified == []
    assert executed(report) == set()
    assert (report.encoded, report.reused) == (0, CLIPS)
    assert report.encoding_signature == first_run.encoding_signature


def test_status_says_that_everything_is_fresh(chain: Chain, first_run: RunReport) -> None:
    rows = status_rows(chain.home, chain.settings())
    (row,) = [r for r in rows if (r["folder"], r["checkpoint"]) == (chain.key, CHECKPOINT)]
    assert row["counts"] == {"recordings": CLIPS, "failed": 0, "windows": CLIPS}
    assert {state["status"] for state in row["assets"].values()} == {"fresh"}


def test_status_says_what_a_changed_parameter_makes_stale(
    chain: Chain, first_run: RunReport
) -> None:
    rows = status_rows(chain.home, chain.settings(similarity_k=4))
    (row,) = [r for r in rows if (r["folder"], r["checkpoint"]) == (chain.key, CHECKPOINT)]
    stale = {asset for asset, state in row["assets"].items() if state["status"] == "stale"}
    assert stale == {"similarity_index"}
    assert "code version" in row["assets"]["similarity_index"]["why"]


def test_a_changed_parameter_recomputes_its_asset_and_what_follows(
    chain: Chain, first_run: RunReport, no_model: None
) -> None:
    report = chain.run(similarity_k=4)
    assert executed(report) == {"similarity_index", "fiftyone_dataset"}
    assert executed(chain.run()) == {"similarity_index", "fiftyone_dataset"}, "and back again"


def test_tsne_is_made_beside_the_other_analyses_and_is_the_same_map(
    chain: Chain, first_run: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audio_assets.analysis.projection import TsneParameters, tsne_coordinates
    from audio_assets.orchestration import runner
    from audio_assets.orchestration.assets import projections

    before = read_parquet(chain.path("tsne_coords"))
    for asset in ("tsne_coords", "umap_coords"):
        chain.path(asset).unlink()
    made: list[Any] = []
    take = projections.tsne_made
    monkeypatch.setattr(runner, "WORTH_A_PROCESS", 2)
    monkeypatch.setattr(
        projections, "tsne_made", lambda *a, **k: made.append(take(*a, **k)) or made[-1]
    )
    report = chain.run()
    assert executed(report) >= {"tsne_coords", "umap_coords"}
    assert made[0] is not None
    after = read_parquet(chain.path("tsne_coords"))
    parameters = TsneParameters.from_settings(chain.settings())
    here = tsne_coordinates(read_parquet(chain.path("embeddings")), parameters)
    assert after.equals(here, check_metadata=True)
    assert after.equals(before, check_metadata=True)


@pytest.mark.parametrize("asset", ["umap_coords", "metadata_table"])
def test_a_deleted_output_is_computed_again_and_nothing_else(
    chain: Chain, first_run: RunReport, asset: str
) -> None:
    before = read_parquet(chain.path(asset))
    chain.path(asset).unlink()
    assert executed(chain.run()) == {asset}
    assert read_parquet(chain.path(asset)).equals(before)


def test_deleted_pictures_are_drawn_again(chain: Chain, first_run: RunReport) -> None:
    shutil.rmtree(chain.path("spectrograms") / "png")
    assert executed(chain.run()) == {"spectrograms"}
    assert len(list((chain.path("spectrograms") / "png").glob("*.png"))) == CLIPS


def test_deleted_vectors_are_encoded_again_to_the_same_bytes(
    chain: Chain, first_run: RunReport
) -> None:
    before = chain.path("embeddings").read_bytes()
    chain.path("embeddings").unlink()
    report = chain.run()
    assert executed(report) == {"embeddings"}
    assert report.encoded == CLIPS
    assert chain.path("embeddings").read_bytes() == before


def test_a_deleted_data_set_is_filled_again(chain: Chain, first_run: RunReport) -> None:
    from audio_assets.explore.dataset import delete_dataset

    assert delete_dataset(chain.home, chain.key)
    assert executed(chain.run()) == {"fiftyone_dataset"}
    assert read_json(chain.path("fiftyone_dataset"))["samples"] == CLIPS


def test_verify_hashes_every_file_and_leaves_all_fresh(
    chain: Chain, first_run: RunReport, verified: list[str]
) -> None:
    assert executed(chain.run(verify=True)) == set()
    assert len(verified) == CLIPS


def test_a_person_s_edit_reaches_metadata_and_fiftyone_only_in_content(
    chain: Chain, first_run: RunReport, no_model_calls: list[int]
) -> None:
    path = read_parquet(chain.path("metadata_table"))["path"][0].as_py()
    chain.home.edits.mkdir(parents=True, exist_ok=True)
    edits = chain.home.edits / f"{chain.key}.jsonl"
    edits.write_text(json.dumps({"path": path, "column": "label", "value": "edited"}) + "\n")
    report = chain.run()
    assert {"metadata_table", "fiftyone_dataset"} <= executed(report)
    assert not executed(report) & set(ANALYSES), "the vectors came out equal"
    assert report.encoded == 0
    assert no_model_calls == []
    assert read_parquet(chain.path("metadata_table"))["label"][0].as_py() == "edited"
    edits.unlink()
    chain.run()
    assert read_parquet(chain.path("metadata_table"))["label"][0].as_py() != "edited"


@pytest.fixture
def no_model_calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the batches that models encode from now on."""
    from audio_assets.encoding import encode

    calls: list[int] = []
    real = encode._Run._keep

    def count(self: Any, call: Any) -> None:
        calls.append(len(call.windows))
        real(self, call)

    monkeypatch.setattr(encode._Run, "_keep", count)
    return calls


def test_one_more_clip_is_the_only_one_computed(
    chain: Chain, first_run: RunReport, verified: list[str], no_model_calls: list[int]
) -> None:
    added = chain.root / "audio" / chain.spare[0].name
    shutil.copy(chain.spare[0], added)
    report = chain.run()
    assert verified == [added.name]
    assert (report.encoded, report.reused, report.windows) == (1, CLIPS, CLIPS + 1)
    assert sum(no_model_calls) == 1
    assert pq.read_metadata(chain.path("umap_coords")).num_rows == CLIPS + 1
    added.unlink()
    report = chain.run()
    assert (report.encoded, report.windows) == (0, CLIPS), "a removed recording disappears"


def test_prose_of_the_card_changes_nothing(
    chain: Chain, first_run: RunReport, tiny_checkpoint: Path
) -> None:
    card = tiny_checkpoint / "model.yaml"
    text = card.read_text()
    card.write_text(text.replace("random weights of a test", "other words"))
    assert executed(chain.run()) == set()
    card.write_text(text)


def test_a_vanished_folder_is_marked_missing_and_nothing_is_lost(
    chain: Chain, first_run: RunReport
) -> None:
    away = chain.root.with_name("away")
    chain.root.rename(away)
    with pytest.raises(RecordingError, match="Nothing was deleted"):
        chain.run()
    assert FolderRegistry(chain.home).get(chain.key).state == "missing"
    away.rename(chain.root)
    assert executed(chain.run()) == set()
    assert FolderRegistry(chain.home).get(chain.key).state == "present"


def test_an_empty_place_of_a_folder_is_taken_for_a_disk_that_is_not_mounted(
    chain: Chain, first_run: RunReport
) -> None:
    away = chain.root.with_name("away")
    chain.root.rename(away)
    chain.root.mkdir()
    with pytest.raises(RecordingError, match=r"is empty \(a disk .* Nothing was deleted"):
        chain.run()
    chain.root.rmdir()
    away.rename(chain.root)
    assert executed(chain.run()) == set()


def test_a_recording_that_was_away_during_a_run_is_in_the_next(
    chain: Chain, first_run: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes back as it was: nothing in the folder says that something is lacking."""
    asset = importlib.import_module("audio_assets.orchestration.assets.spectrograms")
    shutil.rmtree(chain.path("spectrograms"))
    file, hidden = sorted((chain.root / "audio").iterdir())[0], chain.root.with_name("hidden")
    real = asset.compute_spectrograms

    def after_a_loose_plug(*given: Any, **more: Any) -> Any:
        file.rename(hidden)
        return real(*given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(asset, "compute_spectrograms", after_a_loose_plug)
        with pytest.raises(StorageError, match="Run again"):
            chain.run()
    hidden.rename(file)
    assert chain.run().failed == []
    assert len(list(chain.path("spectrograms").rglob("*.png"))) == CLIPS
    assert executed(chain.run()) == set()


def test_an_unknown_folder_or_checkpoint_is_a_readable_error(
    chain: Chain, first_run: RunReport
) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        run_folder(chain.home, "nowhere", CHECKPOINT, chain.settings())
    with pytest.raises(CheckpointError, match="no-such-model"):
        run_folder(chain.home, chain.key, "no-such-model", chain.settings())


def test_an_error_of_an_asset_surfaces_as_its_own(
    chain: Chain, first_run: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audio_assets.errors import EncodingError

    def fail(*_: Any, **__: Any) -> None:
        raise EncodingError("the vectors would have been wrong")

    module = sys.modules["audio_assets.orchestration.assets.clusters"]
    monkeypatch.setattr(module, "cluster_windows", fail)
    chain.path("clusters").unlink()
    with pytest.raises(EncodingError, match="would have been wrong"):
        chain.run()
    monkeypatch.undo()
    assert executed(chain.run()) == {"clusters"}


def test_a_folder_without_a_usable_recording_ends_with_its_reasons(
    chain: Chain, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    root = tmp_path / "only-noise"
    root.mkdir()
    (root / "broken.wav").write_bytes(b"this is no sound")
    folder = register_folder(chain.home, root, CHECKPOINT)
    report = run_folder(chain.home, folder.key, str(tiny_checkpoint), chain.settings())
    assert (report.checkpoint, report.recordings, report.windows) == (CHECKPOINT, 0, 0)
    assert [item["path"] for item in report.failed] == ["broken.wav"]
    assert [check.split(" ")[0] for check in report.failed_checks] == [
        "raw_audio.recordings_usable"
    ]
    assert executed(run_folder(chain.home, folder.key, CHECKPOINT, chain.settings())) == set()


def test_a_checkpoint_outside_the_home_is_refused_with_a_way_out(
    chain: Chain, first_run: RunReport, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(tiny_checkpoint, tmp_path / CHECKPOINT)
    with pytest.raises(UsageError, match="Put it into"):
        run_folder(chain.home, chain.key, str(copy), chain.settings())


def test_one_byte_of_the_weights_encodes_everything_anew_and_no_picture(
    chain: Chain, first_run: RunReport, tiny_checkpoint: Path
) -> None:
    weights = tiny_checkpoint / "weights.safetensors"
    original = weights.read_bytes()
    weights.write_bytes(original[:-2] + bytes([original[-2] ^ 1]) + original[-1:])
    try:
        report = chain.run()
    finally:
        weights.write_bytes(original)
    assert executed(report) == {"embeddings", *ANALYSES, "fiftyone_dataset"}
    assert report.encoded == CLIPS
    assert report.encoding_signature != first_run.encoding_signature
    assert report.failed_checks == [], "new weights have a golden vector of their own"
    back = chain.run()
    assert back.encoding_signature == first_run.encoding_signature
