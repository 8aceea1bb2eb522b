"""Starting and following a run of a folder: by Dagster's daemon where one is at work, else here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from audio_assets.errors import NotFoundError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.jobs.child_run import (
    ChildRun,
    child_run,
    child_runs,
    child_state,
    start_child,
)
from audio_assets.settings import Settings

ALIVE_S = 120.0
"""A daemon says every 30 s that it is there."""

SHOWN = 20


@dataclass(frozen=True)
class RunState:
    """A run for people.

    Attributes:
        run_id: of the job or of the process.
        folder: key; checkpoint: name.
        by: who started it; empty where that is not known.
        started: ISO 8601 in UTC.
        state: "queued", "running", "finished", "failed" or "canceled".
        share: of the work, 0 to 1; None where that is not known.
        stage: what is being done, or was done last.
        error: why it failed, in a sentence.
        failed: [{path, reason}] of recordings that could not be used.
    """

    run_id: str
    folder: str
    checkpoint: str
    by: str
    started: str
    state: str
    share: float | None
    stage: str
    error: str | None
    failed: list[dict[str, str]]

    @property
    def live(self) -> bool:
        """Whether it goes on."""
        return self.state in ("queued", "running")


def start_run(home: Home, settings: Settings, folder: str, checkpoint: str, by: str) -> RunState:
    """Run a checkpoint on a folder; a run of both that is under way already is that run.

    Args:
        home: of the folder.
        settings: name the job table.
        folder: key of a registered folder.
        checkpoint: name of a checkpoint.
        by: who asks.

    Raises:
        UsageError: there is no such folder, or its directory is gone.
        CheckpointError: there is no such checkpoint.
        StorageError: it cannot be started.
    """
    from audio_assets.jobs.requests import ProcessingRequest, resolve_processing

    request = ProcessingRequest.model_validate({"folder": folder, "checkpoint": checkpoint})
    resolved = resolve_processing(home, settings, request)
    if daemon_is_at_work(home):
        from audio_assets.jobs.store import JobStore

        job, _ = JobStore(settings).create("processing", resolved)
        return _of_job(home, job)
    registered = FolderRegistry(home).get(resolved["folders"][0])
    return _of_child(home, start_child(home, registered, resolved["checkpoint"], by))


def run_state(home: Home, settings: Settings, run_id: str) -> RunState:
    """How far a run is.

    Raises:
        NotFoundError: there is none of that id.
    """
    try:
        return _of_child(home, child_run(home, run_id))
    except NotFoundError:
        from audio_assets.jobs.store import JobStore

        return _of_job(home, JobStore(settings).get(run_id))


def run_states(home: Home, settings: Settings) -> list[RunState]:
    """The last runs, newest first: processes started here, and jobs of the API or the daemon."""
    found = [_of_child(home, run) for run in child_runs(home)[:SHOWN]]
    if settings.database_url or (home.data / "jobs" / "jobs.sqlite").is_file():
        from audio_assets.jobs.store import JobStore

        jobs = JobStore(settings).list(kind="processing", limit=SHOWN)
        found += [_of_job(home, job) for job in jobs]
    return sorted(found, key=lambda run: run.started, reverse=True)[:SHOWN]


def daemon_is_at_work(home: Home) -> bool:
    """Whether a daemon of this home has said lately that it is there."""
    if not (home.root / "history" / "runs.db").is_file() and not _other_storage(home):
        return False
    from audio_assets.orchestration.instance import open_instance

    with open_instance(home) as instance:
        beats = instance.get_daemon_heartbeats()
    beat = beats.get("SENSOR")
    return beat is not None and time.time() - beat.timestamp < ALIVE_S


def _other_storage(home: Home) -> bool:
    """Whether Dagster keeps its records elsewhere, such as in Postgres."""
    try:
        return "storage:" in (home.root / "dagster.yaml").read_text("utf-8")
    except OSError:
        return False


def _of_child(home: Home, run: ChildRun) -> RunState:
    found = child_state(home, run)
    share = None
    stage = found.line
    if found.state == "running":
        from audio_assets.orchestration.job_progress import encoded_so_far
        from audio_assets.orchestration.partitions import Partition

        pair = Partition(folder=run.folder, checkpoint=run.checkpoint)
        done, total = encoded_so_far(home, pair)
        if done and total:
            share, stage = done / total, f"encoding: {done:,} of {total:,} windows"
    result = found.result or {}
    if found.result is not None:
        share = 1.0
        windows = result.get("windows", 0)
        noun = "window" if windows == 1 else "windows"
        stage = f"{windows:,} {noun}, {result.get('encoded', 0):,} of them new"
    return RunState(
        run.run_id, run.folder, run.checkpoint, run.by, run.started, found.state, share,
        stage or "starting", found.error, list(result.get("failed") or []),
    )  # fmt: skip


def _of_job(home: Home, job: Any) -> RunState:
    share, stage = (1.0 if job.state == "finished" else None), ""
    failed: list[dict[str, str]] = []
    if job.live:
        from audio_assets.orchestration.instance import open_instance
        from audio_assets.orchestration.job_progress import progress_of

        with open_instance(home) as instance:
            progress = progress_of(home, instance, job)
        share, stage = progress.share, progress.stage or "waiting for the daemon"
        failed = [one for result in progress.results for one in result.get("failed") or []]
    return RunState(
        job.job_id, ", ".join(job.request["folders"]), job.request["checkpoint"], "",
        job.created.isoformat(), job.state, share, stage, job.error, failed,
    )  # fmt: skip
