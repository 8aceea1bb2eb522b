"""The instance of a home, and runs whose process has died."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import dagster as dg
import pytest

from audio_assets.errors import SettingsError, StorageError
from audio_assets.home import Home
from audio_assets.orchestration.instance import fail_dead_runs, open_instance, write_config
from audio_assets.orchestration.processes import HOST_TAG, PID_TAG, process_tags, provably_dead


@pytest.fixture
def opened(home: Home) -> Iterator[dg.DagsterInstance]:
    with open_instance(home) as instance:
        yield instance


def dead_tags() -> dict[str, str]:
    """Tags of a process of this host that has ended."""
    code = "from audio_assets.orchestration.processes import *; print(process_tags()[PID_TAG])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {**process_tags(), PID_TAG: done.stdout.strip()}


def started(
    instance: dg.DagsterInstance, definitions: dg.Definitions, tags: dict[str, str]
) -> dg.DagsterRun:
    job = definitions.resolve_job_def("ingest_folder")
    run = instance.create_run_for_job(job, tags={"dagster/partition": "reef", **tags})
    event = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, run.job_name)
    instance.report_dagster_event(event, run.run_id)
    return run


def test_the_state_lies_in_the_home(home: Home, opened: dg.DagsterInstance) -> None:
    assert opened.root_directory == str(home.root)
    assert (home.root / "dagster.yaml").is_file()
    assert opened.telemetry_enabled is False


def test_a_dagster_yaml_that_is_there_is_kept(home: Home) -> None:
    path = home.root / "dagster.yaml"
    path.write_text("telemetry: {enabled: false}\n")
    assert write_config(home).read_text() == "telemetry: {enabled: false}\n"


def test_pools_are_limited_per_step(opened: dg.DagsterInstance) -> None:
    config = opened.get_concurrency_config()
    assert config.pool_config.default_pool_limit == 1
    assert config.pool_config.pool_granularity.value == "op"


def test_a_run_of_a_dead_process_is_failed_and_frees_its_pool_slot(
    opened: dg.DagsterInstance, definitions: dg.Definitions
) -> None:
    dead = started(opened, definitions, dead_tags())
    storage = opened.event_log_storage
    storage.set_concurrency_slots("gpu", 1)
    assert storage.claim_concurrency_slot("gpu", dead.run_id, "embeddings").is_claimed
    assert fail_dead_runs(opened) == [dead.run_id]
    found = opened.get_run_by_id(dead.run_id)
    assert found is not None
    assert found.status == dg.DagsterRunStatus.FAILURE
    assert storage.claim_concurrency_slot("gpu", "another", "embeddings").is_claimed


def test_living_foreign_and_untagged_runs_are_left_alone(
    opened: dg.DagsterInstance, definitions: dg.Definitions
) -> None:
    started(opened, definitions, process_tags())
    started(opened, definitions, {**dead_tags(), HOST_TAG: "another-host"})
    started(opened, definitions, {})
    assert fail_dead_runs(opened) == []


def test_a_pid_that_is_used_again_does_not_count_as_alive() -> None:
    assert provably_dead({**process_tags(), PID_TAG: f"{os.getpid()}@12345.0"})
    assert not provably_dead(process_tags())


def test_a_run_lives_while_one_of_its_processes_does() -> None:
    dead = dead_tags()[PID_TAG]
    both = {**process_tags(), PID_TAG: f"{dead} {process_tags()[PID_TAG]}"}
    assert not provably_dead(both)
    assert provably_dead({**process_tags(), PID_TAG: f"{dead} {dead}"})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("storage: [\n", "expected the node content"),
        ("run_storage: {module: no_such_module, class: Absent, config: {}}\n", "no_such_module"),
        ("no_such_entry: 1\n", "no_such_entry"),
        ("storage: {postgres: {postgres_db: {}}}\n", "hostname"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_named(home: Home, text: str, named: str) -> None:
    home.ensure()
    (home.root / "dagster.yaml").write_text(text)
    with pytest.raises(SettingsError, match=named) as caught:
        open_instance(home)
    assert str(home.root / "dagster.yaml") in str(caught.value)
    assert "next run writes the usual one" in str(caught.value)


def test_damaged_records_are_not_blamed_on_the_configuration(home: Home) -> None:
    with open_instance(home):
        pass
    (home.root / "history" / "runs.db").write_bytes(b"no database at all " * 100)
    with pytest.raises(StorageError, match="not a database") as caught:
        open_instance(home)
    assert "restore it from a backup" in str(caught.value)
    assert "dagster.yaml" not in str(caught.value)
