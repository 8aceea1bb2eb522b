"""Clusters and outlier scores in a real FiftyOne: owned fields, and a field on request."""

from __future__ import annotations

import pyarrow as pa
import pytest

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.explore.clustering_field import write_clustering
from audio_assets.explore.dataset import open_dataset
from audio_assets.home import Home
from audio_assets.schemas import ASSIGNMENTS
from audio_assets_tests.integration.explore.synthetic_folder import SyntheticFolder


@pytest.fixture
def folder(make_folder) -> SyntheticFolder:
    return make_folder(12)


def assignments(folder: SyntheticFolder, cluster: int) -> pa.Table:
    """All but the first window of a folder in one cluster; the second is noise."""
    rows = [
        {
            "window_id": folder.window_id(i), "recording_id": "r", "folder": folder.key,
            "path": "p", "start_s": 0.0, "end_s": 1.0, "cluster": -1 if n == 0 else cluster,
            "probability": 0.75, "outlier_score": 0.1, "exemplar": None,
        }
        for n, i in enumerate(folder.rows[1:])
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=ASSIGNMENTS)


def test_outlier_scores_are_a_field_of_the_checkpoint(folder, fiftyone_home: Home) -> None:
    folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    windows, scores = dataset.values(["window_id", "outlier_score_tiny_mae"])
    expected = {folder.window_id(i): pytest.approx(i / 1000) for i in folder.rows}
    assert dict(zip(windows, scores, strict=True)) == expected
    again = folder.sync(fiftyone_home)
    assert not again.changed


def test_a_clustering_is_written_on_request_and_survives_the_next_run(
    folder, fiftyone_home: Home
) -> None:
    folder.sync(fiftyone_home)
    rows = assignments(folder, 3)
    assert write_clustering(fiftyone_home, rows, "j1", "whales") == {folder.key: rows.num_rows}
    folder.sync(fiftyone_home, seed=1)
    dataset = open_dataset(fiftyone_home, folder.key)
    dataset.reload()
    counts = dataset.count_values("whales.label")
    assert counts == {"noise": 1, "3": rows.num_rows - 1, None: 1}
    assert write_clustering(fiftyone_home, assignments(folder, 5), "j2", "whales")
    dataset.reload()
    assert "5" in dataset.count_values("whales.label")
    assert "3" not in dataset.count_values("whales.label")


@pytest.mark.parametrize("name", ["label", "cluster_tiny_mae", "tags", "mine", "9x", "a b", "_a"])
def test_fields_of_others_are_never_overwritten(folder, fiftyone_home: Home, name: str) -> None:
    folder.sync(fiftyone_home)
    dataset = open_dataset(fiftyone_home, folder.key)
    if not dataset.has_field("mine"):
        import fiftyone as fo

        dataset.add_sample_field("mine", fo.StringField)
    before = dataset.values("label.label")
    with pytest.raises(UsageError):
        write_clustering(fiftyone_home, assignments(folder, 1), "j", name)
    assert dataset.values("label.label") == before


def test_a_folder_without_data_set_is_a_readable_error(folder, fiftyone_home: Home) -> None:
    with pytest.raises(NotMaterializedError, match="no data set"):
        write_clustering(fiftyone_home, assignments(folder, 1), "j", "whales")
