"""The sensor that turns requested jobs into runs, wave by wave; Dagster is the queue.

It keeps no state of its own: what is asked for is in the table of jobs, what was done is in
Dagster's records, and a run key makes every request exactly one run. So it may be killed at any
moment, and the next tick goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import dagster as dg

from audio_assets.errors import AudioAssetsError
from audio_assets.home import Home
from audio_assets.jobs.job import Job
from audio_assets.jobs.requests import no_longer_wanted
from audio_assets.orchestration.abandoned import end_abandoned, terminate
from audio_assets.orchestration.job_units import Unit, UnitState, runs_of, unit_states, units_of
from audio_assets.orchestration.jobs import ANALYSES, ENCODE
from audio_assets.orchestration.outputs import fault_of
from audio_assets.orchestration.partitions import CHECKPOINTS, FOLDERS, Partition
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.orchestration.staleness import FRESH, staleness
from audio_assets.settings import Settings

if TYPE_CHECKING:
    from audio_assets.jobs.store import JobStore

log = logging.getLogger(__name__)

INTERVAL_S = 2
MOST_AT_ONCE = 50
"""Jobs looked at in one tick, the oldest first; the others stay queued."""


def job_requests_sensor(
    settings: Settings, jobs: Sequence[dg.UnresolvedAssetJobDefinition | dg.JobDefinition]
) -> dg.SensorDefinition:
    """Launches the runs of requested jobs, tries dead ones again, stops canceled ones."""

    @dg.sensor(
        name="job_requests",
        jobs=jobs,
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Launches the runs of jobs that the REST API was asked for, wave by wave.",
    )
    def job_requests(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from audio_assets.jobs.store import JobStore

        store = JobStore(settings)
        live = store.live()[:MOST_AT_ONCE]
        if not live:
            return dg.SkipReason("No job is waiting or running.")
        requests: list[dg.RunRequest] = []
        for job in live:
            try:
                requests += advance(context.instance, settings, store, job)
            except AudioAssetsError as error:
                store.end(job.job_id, "failed", str(error))
            except Exception as error:  # one job never stops the others; the next tick tries again
                context.log.error(f"Job {job.job_id} could not be moved on: {error!r}")
        _know(context.instance, requests)
        return dg.SensorResult(run_requests=requests)

    # When Dagster binds the jobs it hands the owners on, and warns of a beta even if there are none
    vars(job_requests)["_owners"] = None
    return job_requests


def advance(
    instance: dg.DagsterInstance, settings: Settings, store: JobStore, job: Job
) -> list[dg.RunRequest]:
    """Move one job on by as much as can be done now.

    Args:
        instance: holds the runs.
        settings: name the home and what encoding would use.
        store: gets the verdict.
        job: a live one.

    Returns:
        Requests of the runs that are due; none once the job has ended.
    """
    units = units_of(job)
    runs = runs_of(instance, job.job_id)
    if end_abandoned(instance, runs):
        runs = runs_of(instance, job.job_id)
    states = unit_states(instance, units, runs)
    if job.cancel_requested:
        _cancel(instance, settings, store, job, runs, states)
        return []
    if job.state == "queued" and not store.start(job.job_id):
        return []
    ended = [s for s in states.values() if s.status in ("failed", "canceled")]
    if ended:
        if not any(state.status == "running" for state in states.values()):
            verdict = "failed" if any(s.status == "failed" for s in ended) else "canceled"
            reasons = [s.reason for s in ended if s.status == verdict and s.reason]
            if verdict == "canceled":
                no_longer_wanted(Home.of(settings), store, job)
            store.end(job.job_id, verdict, "; ".join(reasons) or None)
        return []
    requests: list[dg.RunRequest] = []
    for unit in units:
        requests += _request(instance, settings, job, unit, states)
    if not requests and all(state.status == "done" for state in states.values()):
        store.end(job.job_id, "finished")
    return requests


def _request(
    instance: dg.DagsterInstance,
    settings: Settings,
    job: Job,
    unit: Unit,
    states: dict[str, UnitState],
) -> list[dg.RunRequest]:
    """The run of one unit when it is due; a unit that finds nothing to do counts as done."""
    state = states[unit.name]
    if state.status not in ("waiting", "died"):
        return []
    if any(states[name].status != "done" for name in unit.after):
        return []
    if unit.wave == "encode":
        due = assets_due(instance, settings, unit.partition or Partition())
        if not due:
            states[unit.name] = replace(state, status="done")
            return []
        unit = replace(unit, assets=due)
    return [unit.request(job.job_id, len(state.runs))]


def assets_due(
    instance: dg.DagsterInstance, settings: Settings, pair: Partition
) -> tuple[str, ...]:
    """What of `encode_folder` is stale, missing or not as it should be, with what depends on it."""
    home = Home.of(settings)
    _know_partitions(instance, [str(pair.folder)], [str(pair.checkpoint)])
    states = staleness(instance, _definitions(settings), [(name, pair.key) for name in ENCODE])
    compute = ComputeResource.of(settings)
    due = {name for (name, _), state in states.items() if state.status != FRESH}
    due |= {name for name in ENCODE if name not in due and fault_of(home, name, pair, compute)}
    if "embeddings" in due:
        return ENCODE
    analyses = [name for name in ANALYSES if name in due]
    return (*analyses, "fiftyone_dataset") if due else ()


def _cancel(
    instance: dg.DagsterInstance,
    settings: Settings,
    store: JobStore,
    job: Job,
    runs: list[dg.DagsterRun],
    states: dict[str, UnitState],
) -> None:
    """Stop what runs; the verdict comes when nothing runs any more."""
    unfinished = [run for run in runs if not run.is_finished]
    for run in unfinished:
        terminate(instance, run)
    if unfinished:
        return
    if all(state.status == "done" for state in states.values()):
        store.end(job.job_id, "finished")
        return
    no_longer_wanted(Home.of(settings), store, job)
    store.end(job.job_id, "canceled")


def _know(instance: dg.DagsterInstance, requests: list[dg.RunRequest]) -> None:
    """Partition keys must be known before a run of them can be requested."""
    from audio_assets.orchestration.sensors import CHECKPOINT_TAG, FOLDER_TAG

    tags = [request.tags for request in requests]
    _know_partitions(
        instance,
        [t[FOLDER_TAG] for t in tags if FOLDER_TAG in t],
        [t[CHECKPOINT_TAG] for t in tags if CHECKPOINT_TAG in t],
    )


def _know_partitions(
    instance: dg.DagsterInstance, folders: Sequence[str], checkpoints: Sequence[str]
) -> None:
    for definition, keys in ((FOLDERS, folders), (CHECKPOINTS, checkpoints)):
        known = set(instance.get_dynamic_partitions(str(definition.name)))
        if new := sorted(set(keys) - known):
            instance.add_dynamic_partitions(str(definition.name), new)


def _definitions(settings: Settings) -> dg.Definitions:
    """The code location as it would be loaded now; built once per settings."""
    return _built(settings.model_dump_json(exclude={"api_token"}))


@lru_cache(maxsize=4)
def _built(settings_json: str) -> dg.Definitions:
    from audio_assets.orchestration.definitions import build_definitions

    return build_definitions(Settings.model_validate_json(settings_json))
