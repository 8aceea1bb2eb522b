"""Runs of jobs whose worker has ended without a word, and workers that nobody can reach.

The code server reports a worker that dies beneath it. When both die, as in a restart of the
machine, the run stays STARTED for ever. With Dagster's default launcher a worker lives beside the
code server, where sensors are evaluated, so that a sensor can look at its process.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import time
from collections.abc import Iterable

import dagster as dg
import psutil

from audio_assets.orchestration.job_units import STRAY_TAG
from audio_assets.orchestration.processes import PID_TAG, provably_dead

log = logging.getLogger(__name__)

LAUNCH_GRACE_S = 20.0
"""A launch that was under way when the code server went is answered within moments by the next one,
or never. Too early a verdict costs one attempt, no more: a worker that starts after its run was
marked ends at once by itself."""
CANCEL_GRACE_S = 15.0
_STARTED = re.compile(r"Started process for run \(pid: (\d+)\)")
_TOLERANCE_S = 5.0
Statuses = dg.DagsterRunStatus


def end_abandoned(instance: dg.DagsterInstance, runs: Iterable[dg.DagsterRun]) -> list[str]:
    """Mark unfinished runs without a process as failed (or canceled) and free their pool slots.

    Args:
        instance: holds the runs.
        runs: candidates; those that are finished, queued or alive are passed over.

    Returns:
        Ids of the runs that were marked.
    """
    marked = []
    for run in runs:
        if run.status not in (Statuses.STARTING, Statuses.STARTED, Statuses.CANCELING):
            continue
        if not _dead(instance, run):
            continue
        if run.status == Statuses.CANCELING:
            instance.report_run_canceled(run)
        else:
            instance.add_run_tags(run.run_id, {STRAY_TAG: "true"})
            instance.report_run_failed(
                run, "The process that executed this run ended together with the code server."
            )
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        log.info("Run %s was left by a process that ended.", run.run_id)
        marked.append(run.run_id)
    return marked


def terminate(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Take one step towards the end of a run; call again until it is finished.

    A run that is starting cannot be stopped at once. A worker that outlived its code server is
    told by a signal.
    """
    if run.is_finished or run.status == Statuses.STARTING:
        return
    if run.status != Statuses.CANCELING:
        try:
            instance.run_coordinator.cancel_run(run.run_id)
        except Exception as error:  # the code server is away; the next tick asks again
            log.warning("Run %s could not be told to stop: %s", run.run_id, error)
        return
    record = instance.get_run_record_by_id(run.run_id)
    asked_s = time.time() - record.update_timestamp.timestamp() if record else 0.0
    worker = _worker(instance, run.run_id)
    if worker is not None and asked_s > CANCEL_GRACE_S and worker.pid != os.getpid():
        worker.send_signal(signal.SIGTERM)


def _dead(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    if PID_TAG in run.tags:
        return provably_dead(run.tags)
    if not _launches_here(instance):
        return False
    if _started_event(instance, run.run_id) is not None:
        return _worker(instance, run.run_id) is None
    record = instance.get_run_record_by_id(run.run_id)
    if record is None or run.status != Statuses.STARTING:
        return False
    launched = record.update_timestamp.timestamp()
    server_started = psutil.Process().create_time()
    return launched < server_started - _TOLERANCE_S and time.time() - launched > LAUNCH_GRACE_S


def _launches_here(instance: dg.DagsterInstance) -> bool:
    from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

    return isinstance(instance.run_launcher, DefaultRunLauncher)


def _started_event(instance: dg.DagsterInstance, run_id: str) -> tuple[int, float] | None:
    """Pid of the worker and the time at which it said so."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records
    for record in records:
        entry = record.event_log_entry
        found = _STARTED.search(entry.get_dagster_event().message or "")
        if found:
            return int(found.group(1)), entry.timestamp
    return None


def _worker(instance: dg.DagsterInstance, run_id: str) -> psutil.Process | None:
    """The live process that executes a run; None when it ended, its pid used again or not."""
    started = _started_event(instance, run_id) if _launches_here(instance) else None
    if started is None:
        return None
    pid, said = started
    try:
        process = psutil.Process(pid)
        gone = process.status() == psutil.STATUS_ZOMBIE
        return None if gone or process.create_time() > said + _TOLERANCE_S else process
    except psutil.NoSuchProcess:
        return None
