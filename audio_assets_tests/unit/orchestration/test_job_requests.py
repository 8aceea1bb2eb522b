"""The sensor of requested jobs, tick by tick on a real instance."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.execution.plan.objects import StepSuccessData
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.test_utils import create_run_for_test

from audio_assets.errors import RecordingError
from audio_assets.home import Home
from audio_assets.jobs.job import Job
from audio_assets.jobs.store import JobStore
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.job_progress import progress_of
from audio_assets.orchestration.job_units import (
    JOB_TAG,
    MAX_CRASHES,
    UNIT_TAG,
    runs_of,
    step_failure,
)
from audio_assets.orchestration.jobs import ENCODE, INGEST
from audio_assets.orchestration.processes import process_tags
from audio_assets.settings import Settings, load_settings

FOLDER, CHECKPOINT = "whales", "tiny"
PAIR = f"{CHECKPOINT}|{FOLDER}"
Status = dg.DagsterRunStatus


@dataclass
class Story:
    """One home with one requested job."""

    settings: Settings
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    store: JobStore
    job_id: str

    @property
    def job(self) -> Job:
        return self.store.get(self.job_id)

    def tick(self) -> list[dg.RunRequest]:
        """Evaluate the sensor as the daemon does; what it asks for is checked by Dagster."""
        repository = self.definitions.get_repository_def()
        context = dg.build_sensor_context(
            instance=self.instance, repository_def=repository, sensor_name="job_requests"
        )
        with context, partition_loading_context(dynamic_partitions_store=self.instance):
            data = repository.get_sensor_def("job_requests").evaluate_tick(context)
        return list(data.run_requests or [])

    def launch(self, request: dg.RunRequest, status: Status = Status.STARTED) -> dg.DagsterRun:
        """What the daemon makes of a request."""
        location = RegisteredCodeLocationOrigin("audio_assets")
        repository = RemoteRepositoryOrigin(location, "__repository__")
        name = str(request.job_name)
        run = create_run_for_test(
            self.instance, job_name=name, tags=dict(request.tags), status=status,
            remote_job_origin=RemoteJobOrigin(repository, name),
        )  # fmt: skip
        if status == Status.STARTED:
            self.report_start(run)
        return run

    def report_start(self, run: dg.DagsterRun) -> None:
        """What a worker says first."""
        start = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, run.job_name)
        self.instance.report_dagster_event(start, run.run_id)

    def launch_all(self, status: Status) -> list[dg.DagsterRun]:
        return [self.launch(request, status) for request in self.tick()]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(home=tmp_path_factory.mktemp("jobs-home"), device="cpu")


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(settings)


@pytest.fixture(scope="module")
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with open_instance(Home.of(settings).ensure()) as instance:
        yield instance


@pytest.fixture
def story(
    settings: Settings, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> Iterator[Story]:
    store = JobStore(settings)
    job, created = store.create("processing", {"folders": [FOLDER], "checkpoint": CHECKPOINT})
    assert created
    yield Story(settings, definitions, instance, store, job.job_id)
    store.end(job.job_id, "canceled")


def keys(requests: list[dg.RunRequest]) -> list[str]:
    """What the run keys say after the job's id."""
    return [str(request.run_key).partition(":")[2] for request in requests]


def test_the_first_wave_ingests_and_registers(story: Story) -> None:
    requests = story.tick()

    assert keys(requests) == ["register", "ingest:whales"]
    assert [r.job_name for r in requests] == ["register_checkpoint", "ingest_folder"]
    assert [r.partition_key for r in requests] == [CHECKPOINT, FOLDER]
    assert {r.tags[JOB_TAG] for r in requests} == {story.job_id}
    assert requests[1].tags["audio_assets/folder"] == FOLDER
    assert {r.tags["dagster/max_retries"] for r in requests} == {"0"}
    assert story.job.state == "running"


def test_a_tick_that_died_asks_for_the_same_runs_again(story: Story) -> None:
    first = story.tick()

    assert [r.run_key for r in story.tick()] == [r.run_key for r in first]


def test_runs_that_are_there_are_not_asked_for_again(story: Story) -> None:
    story.launch_all(Status.QUEUED)

    assert story.tick() == []
    assert story.job.state == "running"


def test_encoding_waits_for_both_and_then_finishes_the_job(story: Story) -> None:
    register, ingest = story.tick()
    story.launch(register, Status.SUCCESS)
    run = story.launch(ingest)
    assert story.tick() == []
    story.instance.report_run_failed(run)  # then tried again, with success
    (again,) = story.tick()
    story.launch(again, Status.SUCCESS)

    (encode,) = story.tick()

    assert keys([encode]) == ["encode:whales"]
    assert (encode.job_name, str(encode.partition_key)) == ("encode_folder", PAIR)
    assert encode.asset_selection is not None
    assert [key.path[-1] for key in encode.asset_selection] == list(ENCODE)
    story.launch(encode, Status.SUCCESS)
    assert story.tick() == []
    assert story.job.state == "finished"
    assert progress_of(Home.of(story.settings), story.instance, story.job).share == 1.0


def test_a_run_that_died_is_tried_again_a_few_times(story: Story) -> None:
    story.launch_all(Status.STARTED)
    asked = []
    for _ in range(MAX_CRASHES):
        for run in runs_of(story.instance, story.job_id):
            if not run.is_finished and run.tags[UNIT_TAG] == "ingest:whales":
                story.instance.report_run_failed(run)
        requests = story.tick()
        asked += keys(requests)
        for request in requests:
            story.launch(request)
    assert asked == ["ingest:whales:retry-1", "ingest:whales:retry-2"]

    for run in runs_of(story.instance, story.job_id):
        if not run.is_finished and run.tags[UNIT_TAG] == "ingest:whales":
            story.instance.report_run_failed(run)
    assert story.tick() == []
    assert story.job.state == "running", "the other run of the job is still working"
    for run in runs_of(story.instance, story.job_id):
        if not run.is_finished:
            story.instance.report_run_canceled(run)
    assert story.tick() == []

    assert story.job.state == "failed"
    assert "ingest:whales died 3 times without a word" in str(story.job.error)


def test_a_run_that_died_with_its_host_is_no_crash_of_its_own(story: Story) -> None:
    """The process named on the run is dead, and no code server was there to say so."""
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    tags = process_tags()
    tags["audio_assets/pid"] = tags["audio_assets/pid"].replace(str(os.getpid()), str(dead.pid), 1)
    register, ingest = story.tick()
    story.launch(register, Status.SUCCESS)
    for attempt in range(MAX_CRASHES + 2):
        run = story.launch(ingest)
        story.instance.add_run_tags(run.run_id, tags)
        (ingest,) = story.tick()
        assert keys([ingest]) == [f"ingest:whales:retry-{attempt + 1}"]

    assert story.job.state == "running"
    ended = [r for r in runs_of(story.instance, story.job_id) if r.tags[UNIT_TAG] != "register"]
    assert {run.status for run in ended} == {Status.FAILURE}


def test_a_run_that_could_not_be_launched_is_no_crash_of_its_own(story: Story) -> None:
    """The code server was away, or too busy to answer in time."""
    register, ingest = story.tick()
    story.launch(register, Status.SUCCESS)
    for attempt in range(MAX_CRASHES + 2):
        story.instance.report_run_failed(story.launch(ingest, Status.STARTING))
        (ingest,) = story.tick()
        assert keys([ingest]) == [f"ingest:whales:retry-{attempt + 1}"]

    assert story.job.state == "running"


def test_a_failed_step_fails_the_job_with_its_reason(story: Story) -> None:
    """Such a run would fail again: it is not tried twice."""

    @dg.op
    def raw_audio() -> None:
        try:
            raise OSError("no such device")
        except OSError as error:
            raise RecordingError("The folder is not there: bring it back.") from error

    @dg.job(name="ingest_folder")
    def failing() -> None:
        raw_audio()

    register, ingest = story.tick()
    story.launch(register, Status.SUCCESS)
    result = failing.execute_in_process(
        instance=story.instance, tags=dict(ingest.tags), raise_on_error=False
    )

    assert story.tick() == []

    assert story.job.state == "failed"
    assert story.job.error == "raw_audio: The folder is not there: bring it back."
    assert step_failure(story.instance, result.run_id) == story.job.error


def test_a_canceled_job_stops_its_runs_and_starts_no_more(story: Story) -> None:
    register, ingest = story.tick()
    queued, starting = story.launch(register, Status.QUEUED), story.launch(ingest, Status.STARTING)
    story.store.request_cancel(story.job_id)

    assert story.tick() == []

    def status(run: dg.DagsterRun) -> Status:
        found = story.instance.get_run_by_id(run.run_id)
        assert found is not None
        return found.status

    assert (status(queued), status(starting)) == (Status.CANCELED, Status.STARTING)
    assert story.job.state == "running", "a run that is starting cannot be stopped yet"
    story.report_start(starting)
    assert story.tick() == []
    assert status(starting) == Status.CANCELING
    story.instance.report_run_canceled(starting)
    assert story.tick() == []
    assert story.job.state == "canceled"
    assert story.tick() == []


def test_a_run_that_a_person_cancels_in_dagster_cancels_the_job(story: Story) -> None:
    register, ingest = story.launch_all(Status.STARTED)
    story.instance.report_run_canceled(ingest)
    story.instance.report_run_canceled(register)

    assert story.tick() == []

    assert story.job.state == "canceled"


def test_progress_is_read_from_the_runs(story: Story) -> None:
    home = Home.of(story.settings)
    register, ingest = story.launch_all(Status.SUCCESS)
    (encode,) = story.launch_all(Status.STARTED)

    progress = progress_of(home, story.instance, story.job)

    total = 1 + len(INGEST) + len(ENCODE)
    assert (progress.assets_done, progress.assets_total) == (1 + len(INGEST), total)
    assert progress.share == pytest.approx((1 + len(INGEST)) / total, abs=1e-3)
    assert [run.run_id for run in progress.runs] == [r.run_id for r in (register, ingest, encode)]
    assert [run.unit for run in progress.runs] == ["register", "ingest:whales", "encode:whales"]


def test_the_stage_is_the_asset_at_work_whatever_is_checked_beside_it(story: Story) -> None:
    _, ingest = story.launch_all(Status.STARTED)

    def said(kind: dg.DagsterEventType, step: str) -> str | None:
        data = StepSuccessData(duration_ms=1.0) if kind == success else None
        event = dg.DagsterEvent(
            kind.value, ingest.job_name, step_key=step, event_specific_data=data
        )
        story.instance.report_dagster_event(event, ingest.run_id)
        return progress_of(Home.of(story.settings), story.instance, story.job).stage

    start, success = dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_SUCCESS
    check = "raw_audio_recordings_usable"
    assert said(start, check) == f"{check} of whales"
    assert said(start, "spectrograms") == "spectrograms of whales"
    assert said(success, check) == "spectrograms of whales"
    assert said(start, "metadata_table_label_coverage") == "spectrograms of whales"
    assert said(success, "metadata_table_label_coverage") == "spectrograms of whales"
    assert said(success, "spectrograms") is None


def test_a_job_of_two_folders_needs_one_registration(
    settings: Settings, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    store = JobStore(settings)
    job, _ = store.create("processing", {"folders": ["a", "b"], "checkpoint": CHECKPOINT})
    story = Story(settings, definitions, instance, store, job.job_id)

    register, first, second = story.tick()
    story.launch(register, Status.SUCCESS)
    story.launch(first, Status.SUCCESS)
    story.launch(second, Status.STARTED)

    assert keys([register, first, second]) == ["register", "ingest:a", "ingest:b"]
    assert keys(story.tick()) == ["encode:a"], "one folder does not wait for the other"
    store.end(job.job_id, "canceled")


def test_no_job_is_a_reason_to_skip(
    settings: Settings, definitions: dg.Definitions, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    assert Story(settings, definitions, instance, JobStore(settings), "").tick() == []
