"""Every asset check passes on a right result, and fails on the fault that it is there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest

from audio_assets.home import Home
from audio_assets.orchestration.checks import counts_agree
from audio_assets.orchestration.ci_checks import main
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.execution import run_checks
from audio_assets.orchestration.jobs import INGEST
from audio_assets.orchestration.partitions import Partition
from audio_assets.recordings.windows import grid_of, make_windows
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet, write_json, write_parquet
from audio_assets_tests.unit.orchestration.stored_pair import (
    CHECKPOINT,
    FOLDER,
    metadata_table,
    store_pair,
    store_vectors,
)

PAIR = Partition(folder=FOLDER, checkpoint=CHECKPOINT)


@pytest.fixture
def stored(home: Home, tmp_path: Path) -> Home:
    store_pair(home, tmp_path / "reef")
    return home


@pytest.fixture
def evaluate(
    stored: Home, settings: Settings
) -> Iterator[Callable[[str, str], dg.AssetCheckEvaluation]]:
    definitions = build_definitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:

        def run(asset: str, check: str) -> dg.AssetCheckEvaluation:
            partition = Partition(folder=FOLDER) if asset in INGEST else PAIR
            found = run_checks(definitions, instance, [asset], partition, only=check)
            (evaluation,) = [e for e in found if e.check_name == check]
            return evaluation

        yield run


def windows(home: Home) -> pa.Table:
    recordings = read_parquet(home.asset("raw_audio", folder=FOLDER))
    return make_windows(recordings, grid_of(recordings))


def change_column(path: Path, column: str, value: object, row: int = 0) -> None:
    table = read_parquet(path)
    values = table[column].to_pylist()
    values[row] = value
    i = table.column_names.index(column)
    field = table.schema.field(column)
    write_parquet(path, table.set_column(i, field, pa.array(values, field.type)))


CHECKS = [
    ("raw_audio", "recordings_usable"),
    ("metadata_table", "one_row_per_recording"),
    ("metadata_table", "label_coverage"),
    ("spectrograms", "pngs_exist"),
    ("embeddings", "vectors_finite_and_not_constant"),
    ("similarity_index", "one_row_per_window"),
    ("umap_coords", "one_row_per_window"),
    ("tsne_coords", "one_row_per_window"),
    ("clusters", "one_row_per_window"),
    ("fiftyone_dataset", "row_counts_agree"),
]


@pytest.mark.parametrize(("asset", "check"), CHECKS)
def test_a_right_result_passes(evaluate, asset: str, check: str) -> None:
    evaluation = evaluate(asset, check)
    assert evaluation.passed, evaluation.description


def test_a_file_that_cannot_be_used_is_a_warning(evaluate, stored: Home) -> None:
    change_column(stored.asset("raw_audio", folder=FOLDER), "status", "failed")
    evaluation = evaluate("raw_audio", "recordings_usable")
    assert not evaluation.passed
    assert evaluation.severity == dg.AssetCheckSeverity.WARN
    assert "1 of 4" in evaluation.description


def test_a_lost_metadata_row_is_an_error(evaluate, stored: Home) -> None:
    path = stored.asset("metadata_table", folder=FOLDER)
    write_parquet(path, read_parquet(path).slice(1))
    evaluation = evaluate("metadata_table", "one_row_per_recording")
    assert not evaluation.passed
    assert evaluation.severity == dg.AssetCheckSeverity.ERROR


def test_missing_labels_are_a_warning(evaluate, stored: Home) -> None:
    change_column(stored.asset("metadata_table", folder=FOLDER), "label", None)
    evaluation = evaluate("metadata_table", "label_coverage")
    assert not evaluation.passed
    assert evaluation.severity == dg.AssetCheckSeverity.WARN


def test_a_folder_without_any_labels_is_fine(evaluate, stored: Home) -> None:
    recordings = read_parquet(stored.asset("raw_audio", folder=FOLDER))
    write_parquet(stored.asset("metadata_table", folder=FOLDER), metadata_table(recordings, None))
    assert evaluate("metadata_table", "label_coverage").passed


@pytest.mark.parametrize("fault", ["deleted", "empty"])
def test_a_picture_that_is_not_there_is_an_error(evaluate, stored: Home, fault: str) -> None:
    picture = next((stored.asset("spectrograms", folder=FOLDER) / "png").iterdir())
    picture.unlink()
    if fault == "empty":
        picture.touch()
    assert not evaluate("spectrograms", "pngs_exist").passed


@pytest.mark.parametrize("fault", [np.nan, np.inf, "constant"])
def test_wrong_vectors_are_an_error(evaluate, stored: Home, fault: float | str) -> None:
    vectors = np.eye(4, 3, dtype=np.float32)
    if fault == "constant":
        vectors[:] = 1
    else:
        vectors[1, 1] = fault
    store_vectors(stored, windows(stored), vectors)
    evaluation = evaluate("embeddings", "vectors_finite_and_not_constant")
    assert not evaluation.passed
    assert evaluation.severity == dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize("asset", ["similarity_index", "umap_coords", "tsne_coords", "clusters"])
def test_a_lost_window_is_an_error(evaluate, stored: Home, asset: str) -> None:
    path = stored.asset(asset, folder=FOLDER, checkpoint=CHECKPOINT)
    write_parquet(path, read_parquet(path).slice(1))
    assert not evaluate(asset, "one_row_per_window").passed
    assert not evaluate("fiftyone_dataset", "row_counts_agree").passed


def test_a_coordinate_that_is_not_finite_is_an_error(evaluate, stored: Home) -> None:
    path = stored.asset("umap_coords", folder=FOLDER, checkpoint=CHECKPOINT)
    change_column(path, "x", float("nan"))
    assert not evaluate("umap_coords", "one_row_per_window").passed


def test_a_lost_sample_is_an_error(evaluate, stored: Home) -> None:
    path = stored.asset("fiftyone_dataset", folder=FOLDER, checkpoint=CHECKPOINT)
    write_json(path, {"dataset": FOLDER, "samples": 3})
    evaluation = evaluate("fiftyone_dataset", "row_counts_agree")
    assert not evaluation.passed
    assert "3" in evaluation.description


@pytest.mark.parametrize("asset", ["spectrograms", "similarity_index", "clusters"])
def test_a_stage_without_an_output_is_an_error_that_is_said(
    evaluate, stored: Home, asset: str
) -> None:
    path = stored.asset(asset, folder=FOLDER, checkpoint=CHECKPOINT)
    if asset == "spectrograms":
        path = stored.asset(asset, folder=FOLDER) / "index.parquet"
    path.unlink()
    evaluation = evaluate("fiftyone_dataset", "row_counts_agree")
    assert not evaluation.passed
    assert f"'{asset}': 0" in evaluation.description


@pytest.mark.parametrize(
    ("shown", "neighbours", "agree"),
    [(8, 20, True), (9, 20, False), (20, 20, False), (8, 0, False)],
)
def test_fiftyone_may_show_a_sample_and_no_other_stage_may(
    shown: int, neighbours: int, agree: bool
) -> None:
    counts = {"raw_audio": 20, "similarity_index": neighbours, "fiftyone_dataset": shown}
    assert counts_agree(counts, 8) is agree


def test_the_command_exits_with_1_on_an_error(
    stored: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUDIO_ASSETS_HOME", str(stored.root))
    assert main([FOLDER, CHECKPOINT]) == 1
    out = capsys.readouterr().out
    assert "model_checkpoint.golden_vector (ERROR)" in out, "c1 is not a checkpoint that exists"
    assert "model_checkpoint.probe (ERROR)" in out
    assert "2 errors, 0 warnings." in out


def test_the_command_exits_with_2_for_an_unknown_folder(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUDIO_ASSETS_HOME", str(home.root))
    assert main(["nowhere", CHECKPOINT]) == 2
    assert "nowhere" in capsys.readouterr().err
