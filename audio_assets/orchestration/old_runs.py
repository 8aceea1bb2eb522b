"""What Dagster remembers of runs is kept for a time, so that years of sensors fit on a disk.

A run that the present state rests on is never forgotten: one that made the latest version of any
partition of an asset, or the latest verdict of a check. Outputs and their lineage are not touched.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from audio_assets.settings import Settings

INTERVAL_S = 6 * 3600
MOST_AT_ONCE = 200
"""Runs looked at in one tick, the oldest first; the next tick goes on behind them."""

KINDS = (dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION)


def old_runs_sensor(settings: Settings) -> dg.SensorDefinition:
    """Forgets runs that ended more than `keep_runs_days` ago and that nothing rests on."""

    @dg.sensor(
        name="old_runs",
        target=[],
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Forgets runs that ended more than AUDIO_ASSETS_KEEP_RUNS_DAYS ago, but those that "
            "the present state of an asset or a check rests on. Outputs stay."
        ),
    )
    def old_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        days = settings.keep_runs_days
        if days == 0:
            return dg.SkipReason("Runs are kept for ever (AUDIO_ASSETS_KEEP_RUNS_DAYS=0).")
        after = datetime.fromisoformat(context.cursor) if context.cursor else None
        forgotten, last = forget_old_runs(context.instance, days, after)
        context.update_cursor(last.isoformat() if last else "")
        return dg.SkipReason(f"{forgotten} runs that ended {days} days ago or more were forgotten.")

    return old_runs


def forget_old_runs(
    instance: dg.DagsterInstance, days: float, after: datetime | None = None
) -> tuple[int, datetime | None]:
    """Forget some runs: their row, events, verdicts of checks and captured logs.

    Args:
        instance: Dagster's records.
        days: how long a run must have been over.
        after: where the last call ended; None begins with the oldest.

    Returns:
        How many were forgotten, and where the next call goes on: None when all were looked at.
    """
    ended = dg.RunsFilter(
        statuses=FINISHED_STATUSES,
        updated_before=datetime.now(UTC) - timedelta(days=days),
        created_after=after,
    )
    records = instance.get_run_records(ended, limit=MOST_AT_ONCE, ascending=True)
    kept = _rested_on(instance) if records else set()
    old = [one.dagster_run.run_id for one in records]
    for run_id in (forgotten := [run_id for run_id in old if run_id not in kept]):
        _forget(instance, run_id)
    more = len(records) == MOST_AT_ONCE
    return len(forgotten), records[-1].create_timestamp if more else None


def _rested_on(instance: dg.DagsterInstance) -> set[str]:
    """Runs that made what is the latest of a partition of an asset, or of a check."""
    kept: set[str] = set()
    for key in instance.all_asset_keys():
        for kind in KINDS:
            latest = instance.get_latest_storage_id_by_partition(key, kind)
            ids = sorted(latest.values())
            for at in range(0, len(ids), 500):
                records = instance.event_log_storage.get_event_records(
                    dg.EventRecordsFilter(kind, key, storage_ids=ids[at : at + 500])
                )
                kept.update(record.run_id for record in records)
    latest_events = instance.get_latest_materialization_events(instance.all_asset_keys())
    kept.update(entry.run_id for entry in latest_events.values() if entry is not None)
    return kept | _latest_of_checks(instance)


def _latest_of_checks(instance: dg.DagsterInstance) -> set[str]:
    """Runs that gave the latest verdict of a check about any version of an asset."""
    import sqlalchemy as sa

    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return set()
    table = AssetCheckExecutionsTable
    latest = sa.select(sa.func.max(table.c.id)).group_by(
        table.c.asset_key, table.c.check_name, table.c.partition
    )
    with storage.index_connection() as connection:
        rows = connection.execute(sa.select(table.c.run_id).where(table.c.id.in_(latest)))
        return {run_id for (run_id,) in rows}


def _forget(instance: dg.DagsterInstance, run_id: str) -> None:
    """The run's row goes late, so that the next tick finishes what a killed one began."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        table = AssetCheckExecutionsTable
        with storage.index_connection() as connection:
            connection.execute(table.delete().where(table.c.run_id == run_id))
    instance.delete_run(run_id)
    if isinstance(storage, SqliteEventLogStorage):  # a file per run, which Dagster leaves
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(storage.path_for_shard(run_id) + suffix).unlink(missing_ok=True)
