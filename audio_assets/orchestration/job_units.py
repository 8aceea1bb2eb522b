"""The runs that a job needs, and what the runs there are say about each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

from audio_assets import errors
from audio_assets.jobs.job import Job
from audio_assets.orchestration.jobs import ENCODE, INGEST, REGISTER
from audio_assets.orchestration.partitions import Partition, pair_key
from audio_assets.orchestration.sensors import CHECKPOINT_TAG, FOLDER_TAG

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

JOB_TAG = "audio_assets/job_id"
UNIT_TAG = "audio_assets/job_unit"
STRAY_TAG = "audio_assets/died_with_its_host"
CLUSTER_JOB = "cluster_embedding_sets"

MAX_CRASHES = 2
"""A run whose worker died by itself is tried again this often."""
MAX_DEATHS = 10
"""All deaths of one unit, restarts of the whole system included: a run that kills its host ends."""

Status = Literal["waiting", "running", "done", "died", "failed", "canceled"]
_INTERRUPTED = "DagsterExecutionInterruptedError"
_CRASHED = "ChildProcessCrashException"  # the process of one step died beneath the run's worker


@dataclass(frozen=True)
class Unit:
    """One run that a job needs.

    Attributes:
        name: unique within the job: "register", "ingest:<folder>", "encode:<folder>", "cluster".
        job_name: the Dagster job.
        partition: what it works on; None where the job is not partitioned.
        assets: what it makes; named in the request, so that automation knows that this run makes
            them all.
        after: names of the units that must be done first.
        run_config: of the Dagster job.
    """

    name: str
    job_name: str
    partition: Partition | None = None
    assets: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    run_config: dict[str, Any] = field(default_factory=dict)

    @property
    def wave(self) -> str:
        return self.name.partition(":")[0]

    def request(self, job_id: str, attempt: int) -> dg.RunRequest:
        """The request of a run; its key makes it exactly one run however often it is asked for.

        Args:
            job_id: the job.
            attempt: 0, then one more for each run that died.
        """
        partition = self.partition or Partition()
        places = {FOLDER_TAG: partition.folder, CHECKPOINT_TAG: partition.checkpoint}
        retry = f":retry-{attempt}" if attempt else ""
        pair = partition.folder and partition.checkpoint
        return dg.RunRequest(
            run_key=f"{job_id}:{self.name}{retry}",
            job_name=self.job_name,
            partition_key=(
                pair_key(str(partition.checkpoint), str(partition.folder))
                if pair
                else (partition.key or None)
            ),
            asset_selection=[dg.AssetKey(name) for name in self.assets] or None,
            run_config=self.run_config or None,
            tags={
                JOB_TAG: job_id,
                UNIT_TAG: self.name,
                "dagster/max_retries": "0",  # the sensor is the one that tries again
                **{tag: value for tag, value in places.items() if value},
            },
        )


def units_of(job: Job) -> list[Unit]:
    """All runs that a job may need, in the order of its waves."""
    if job.kind == "clustering":
        config = {"job_id": job.job_id, "request": job.request}
        return [Unit("cluster", CLUSTER_JOB, run_config={"ops": {CLUSTER_JOB: {"config": config}}})]
    checkpoint, folders = job.request["checkpoint"], job.request["folders"]
    return [
        Unit("register", "register_checkpoint", Partition(checkpoint=checkpoint), REGISTER),
        *(Unit(f"ingest:{f}", "ingest_folder", Partition(folder=f), INGEST) for f in folders),
        *(
            Unit(
                f"encode:{f}", "encode_folder", Partition(folder=f, checkpoint=checkpoint), ENCODE,
                after=("register", f"ingest:{f}"),
            )
            for f in folders
        ),
    ]  # fmt: skip


@dataclass(frozen=True)
class UnitState:
    """What the runs of one unit say.

    Attributes:
        status: "died" is a run to try again, "failed" one that would fail again.
        runs: all of the unit, oldest first.
        reason: why it failed, for people.
    """

    status: Status
    runs: tuple[dg.DagsterRun, ...] = ()
    reason: str | None = None


def runs_of(instance: dg.DagsterInstance, job_id: str) -> list[dg.DagsterRun]:
    """Every run of a job, oldest first."""
    records = instance.get_run_records(filters=dg.RunsFilter(tags={JOB_TAG: job_id}))
    return [r.dagster_run for r in sorted(records, key=lambda r: r.create_timestamp)]


def unit_states(
    instance: dg.DagsterInstance, units: Iterable[Unit], runs: Iterable[dg.DagsterRun]
) -> dict[str, UnitState]:
    """The state of every unit, by name."""
    grouped: dict[str, list[dg.DagsterRun]] = {unit.name: [] for unit in units}
    for run in runs:
        grouped.setdefault(run.tags.get(UNIT_TAG, ""), []).append(run)
    return {name: _state(instance, own) for name, own in grouped.items()}


def _state(instance: dg.DagsterInstance, runs: list[dg.DagsterRun]) -> UnitState:
    if not runs:
        return UnitState("waiting")
    last, all_of_them = runs[-1], tuple(runs)
    if not last.is_finished:
        return UnitState("running", all_of_them)
    if last.status == dg.DagsterRunStatus.SUCCESS:
        return UnitState("done", all_of_them)
    if last.status == dg.DagsterRunStatus.CANCELED:
        return UnitState("canceled", all_of_them, f"Run {last.run_id} was canceled.")
    reason = step_failure(instance, last.run_id)
    if reason is not None:
        return UnitState("failed", all_of_them, reason)
    dead = [run for run in runs if run.status == dg.DagsterRunStatus.FAILURE]
    crashes = [run for run in dead if not _with_its_host(instance, run)]
    if len(crashes) > MAX_CRASHES or len(dead) > MAX_DEATHS:
        return UnitState(
            "failed", all_of_them,
            f"The process of {last.tags.get(UNIT_TAG)} died {len(dead)} times without a word, the "
            "last time in run "
            f"{last.run_id}; memory that ran out looks like this. Its log in Dagster says more; "
            "finished work is kept, and the same request goes on from there.",
        )  # fmt: skip
    return UnitState("died", all_of_them)


def step_failure(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """Why a step of a run failed, in the domain's own words where it has any.

    Returns:
        None when no step failed by itself: a process died, or was told to stop.
    """
    for step, chain in _failures(instance, run_id):
        if any(error.cls_name in (_INTERRUPTED, _CRASHED) for error in chain):
            continue
        own = [error for error in chain if _is_ours(error.cls_name)]
        chosen = own[0] if own else (chain[-1] if chain else None)
        text = chosen.message.strip() if chosen else "no reason was recorded"
        if own:
            text = text.partition(": ")[2] or text
        return f"{step}: {text}"
    return None


def _failures(
    instance: dg.DagsterInstance, run_id: str
) -> list[tuple[str | None, list[SerializableErrorInfo]]]:
    """(step, its error and that error's causes) of every step of a run that failed."""
    kind = dg.DagsterEventType.STEP_FAILURE
    found = []
    for record in instance.get_records_for_run(run_id, of_type=kind).records:
        event = record.event_log_entry.get_dagster_event()
        error, chain = event.step_failure_data.error, []
        while error is not None:
            chain.append(error)
            error = error.cause
        found.append((event.step_key, chain))
    return found


def _with_its_host(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run ended because everything around it did: no fault of its own.

    It was told to stop, or lost together with its code server, or could not even be launched.
    """
    if STRAY_TAG in run.tags:
        return True
    chains = [chain for _, chain in _failures(instance, run.run_id)]
    if any(error.cls_name == _INTERRUPTED for chain in chains for error in chain):
        return True
    kind = dg.DagsterEventType.RUN_START
    return not instance.get_records_for_run(run.run_id, of_type=kind).records


def _is_ours(name: str | None) -> bool:
    found = getattr(errors, name or "", None)
    return isinstance(found, type) and issubclass(found, errors.AudioAssetsError)
