"""How far a job is: derived from Dagster's events and the work on disk each time it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from audio_assets.home import Home
from audio_assets.jobs.job import Job
from audio_assets.orchestration.job_units import UNIT_TAG, runs_of, unit_states, units_of
from audio_assets.orchestration.jobs import ENCODE, INGEST, REGISTER
from audio_assets.orchestration.partitions import Partition
from audio_assets.storage import read_parquet

ASSETS_OF = {"register": REGISTER, "ingest": INGEST, "encode": ENCODE, "cluster": ("clusters",)}
_EVENTS = {
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
}


@dataclass(frozen=True)
class JobRun:
    """One Dagster run of a job.

    Attributes:
        run_id: of Dagster; its web interface shows it under that id.
        unit: what it is for, such as "encode:whales".
        status: Dagster's, such as "QUEUED", "STARTED" or "SUCCESS".
        started: UTC; None while it waits.
        ended: UTC; None until then.
    """

    run_id: str
    unit: str
    status: str
    started: datetime | None
    ended: datetime | None


@dataclass(frozen=True)
class JobProgress:
    """How far a job is.

    Attributes:
        share: of the work, 0 to 1; windows count within their asset.
        stage: what is being computed, such as "embeddings of whales"; None when nothing is.
        assets_done: finished assets; assets_total: of all that the job may need.
        windows_done: windows encoded so far in the running stage; windows_total: of its folder.
            None while nothing is being encoded.
        runs: oldest first, those that died and were tried again included.
        results: what the runs reported of each folder: windows, encoded, reused, dim,
            encoding_signature, failed recordings.
    """

    share: float
    stage: str | None
    assets_done: int
    assets_total: int
    windows_done: int | None
    windows_total: int | None
    runs: tuple[JobRun, ...]
    results: tuple[dict[str, Any], ...]


def progress_of(home: Home, instance: dg.DagsterInstance, job: Job) -> JobProgress:
    """Look at a job's runs and at the work that the encoder has put aside.

    Args:
        home: holds the outputs and the unfinished work.
        instance: holds the runs.
        job: any job, ended or not.
    """
    units = units_of(job)
    runs = runs_of(instance, job.job_id)
    states = unit_states(instance, units, runs)
    done, total, part = 0, 0, 0.0
    stage: str | None = None
    windows: tuple[int, int] | None = None
    results = []
    for unit in units:
        assets = ASSETS_OF[unit.wave]
        total += len(assets)
        seen = _events(instance, states[unit.name].runs, assets)
        if states[unit.name].status == "done" or job.state == "finished":
            done += len(assets)
        else:
            finished = seen.materialized & set(assets)
            done += len(finished)
        if states[unit.name].status == "running" and seen.current:
            stage = seen.current + (f" of {unit.partition}" if unit.partition else "")
            if seen.current == "embeddings" and unit.partition:
                windows = encoded_so_far(home, unit.partition)
                part += windows[0] / windows[1] if windows[1] else 0.0
        if unit.wave == "encode" and seen.embeddings is not None:
            results.append(
                {"folder": str((unit.partition or Partition()).folder), **seen.embeddings}
            )
    return JobProgress(
        share=1.0 if job.state == "finished" else round(min((done + part) / total, 0.999), 3),
        stage=stage,
        assets_done=done,
        assets_total=total,
        windows_done=windows[0] if windows else None,
        windows_total=windows[1] if windows else None,
        runs=tuple(_runs(instance, runs)),
        results=tuple(results),
    )


@dataclass(frozen=True)
class _Seen:
    materialized: set[str]
    current: str | None
    embeddings: dict[str, Any] | None


def _events(
    instance: dg.DagsterInstance, runs: Sequence[dg.DagsterRun], assets: Sequence[str]
) -> _Seen:
    """What the runs of one unit materialized, and the step under way in the last of them.

    Steps run beside each other: an asset's is shown before those of checks, the oldest first.
    """
    materialized: set[str] = set()
    running: list[str] = []
    embeddings: dict[str, Any] | None = None
    for run in runs:
        running = []
        for record in instance.get_records_for_run(run.run_id, of_type=_EVENTS).records:
            event = record.event_log_entry.get_dagster_event()
            if event.event_type == dg.DagsterEventType.STEP_START:
                running.append(str(event.step_key))
            elif event.event_type != dg.DagsterEventType.ASSET_MATERIALIZATION:
                running = [step for step in running if step != event.step_key]
            elif event.asset_key is not None:
                name = event.asset_key.path[-1]
                materialized.add(name)
                if name == "embeddings":
                    embeddings = _encoding(event)
    running.sort(key=lambda step: step not in assets)
    return _Seen(materialized, running[0] if running else None, embeddings)


def _encoding(event: dg.DagsterEvent) -> dict[str, Any]:
    metadata = event.step_materialization_data.materialization.metadata
    found = {
        "windows": "dagster/row_count",
        "encoded": "encoded",
        "reused": "reused",
        "resumed": "resumed",
        "dim": "dim",
        "encoding_signature": "encoding_signature",
        "failed": "failed_recordings",
    }
    return {name: metadata[key].value for name, key in found.items() if key in metadata}


def _runs(instance: dg.DagsterInstance, runs: Sequence[dg.DagsterRun]) -> list[JobRun]:
    if not runs:
        return []
    filters = dg.RunsFilter(run_ids=[run.run_id for run in runs])
    records = {r.dagster_run.run_id: r for r in instance.get_run_records(filters=filters)}
    found = []
    for run in runs:
        record = records[run.run_id]
        times = [
            datetime.fromtimestamp(t, UTC) if t else None
            for t in (record.start_time, record.end_time)
        ]
        found.append(JobRun(run.run_id, run.tags.get(UNIT_TAG, ""), run.status.value, *times))
    return found


def encoded_so_far(home: Home, pair: Partition) -> tuple[int, int]:
    """Windows of a pair that are in the shards of the run under way, and all windows of its folder.

    Args:
        home: holds the work and the recordings table.
        pair: folder and checkpoint.
    """
    work = home.work / "embeddings" / str(pair.checkpoint) / str(pair.folder)
    stored = sum(_rows(path) for path in work.glob("*/shard-*.arrow"))
    table = home.asset("raw_audio", folder=pair.folder)
    try:
        total = _windows(table, table.stat().st_mtime_ns)
    except OSError:
        total = 0
    return min(stored, total), total


def _rows(shard: Path) -> int:
    try:
        with pa.memory_map(str(shard)) as source:
            reader = pa.ipc.open_file(source)
            return sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches))
    except (OSError, pa.ArrowException):
        return 0  # being replaced or removed


@lru_cache(maxsize=64)
def _windows(recordings: Path, _mtime_ns: int) -> int:
    from audio_assets.recordings.windows import grid_of, make_windows

    table = read_parquet(recordings)
    return make_windows(table, grid_of(table)).num_rows
