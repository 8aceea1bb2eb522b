"""The clustering job in a real Dagster instance: recorded, computed once, readable errors."""

from __future__ import annotations

import json

import dagster as dg
import pytest

from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.errors import NotMaterializedError
from audio_assets.home import Home
from audio_assets.orchestration.clustering_job import NAME, execute_clustering, run_config
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.instance import open_instance
from audio_assets.settings import Settings
from audio_assets_tests.stored_sets import class_vectors, store_folder, store_vectors

REQUEST = ClusteringRequest.of(
    {"folder": "reef", "checkpoint": "c1", "method": "kmeans", "umap_dimensions": None,
     "n_clusters": 4, "stability_seeds": 1}
)  # fmt: skip


@pytest.fixture
def stored(home: Home) -> Home:
    store_vectors(home, "reef", "c1", store_folder(home, "reef"), class_vectors(48))
    return home


def test_a_run_is_recorded_with_what_it_found(stored: Home, settings: Settings) -> None:
    result = execute_clustering(stored, REQUEST, "j1", settings)
    assert result.report["labels"]["ari"] == 1.0
    with open_instance(stored) as instance:
        (run,) = instance.get_runs()
        assert (run.job_name, run.status) == (NAME, dg.DagsterRunStatus.SUCCESS)
        assert run.tags["audio_assets/pid"]
        (event,) = [e for e in instance.all_logs(run.run_id) if _is_output(e)]
    metadata = event.dagster_event.event_specific_data.metadata
    assert (metadata["clusters"].value, metadata["windows"].value) == (4, 48)


def test_the_run_config_survives_json_and_a_second_run_changes_nothing(
    stored: Home, settings: Settings
) -> None:
    job = build_definitions(settings).resolve_job_def(NAME)
    config = json.loads(json.dumps(run_config(REQUEST, "j2")))
    with open_instance(stored) as instance:
        assert job.execute_in_process(run_config=config, instance=instance).success
        file = stored.data / "clusters" / "j2" / "clusters.json"
        before = file.stat()
        assert json.loads(file.read_bytes())["request"]["umap_dimensions"] is None
        assert job.execute_in_process(run_config=config, instance=instance).success
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_the_error_of_the_clustering_is_shown_as_it_is(stored: Home, settings: Settings) -> None:
    request = REQUEST.model_copy(update={"checkpoint": "absent"})
    with pytest.raises(NotMaterializedError, match=r"absent.*has not been computed"):
        execute_clustering(stored, request, "j3", settings)


def _is_output(entry: dg.EventLogEntry) -> bool:
    event = entry.dagster_event
    return event is not None and event.event_type == dg.DagsterEventType.STEP_OUTPUT
