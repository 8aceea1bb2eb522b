"""What Dagster keeps of a home: rows, ticks and how long they took, runs that did the same."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.scheduler.instigation import TickData, TickStatus

OLD_DAYS = 40
TABLES = {"schedules/schedules.db": ("job_ticks",), "history/runs.db": ("runs", "run_tags"),
          "history/runs/index.db": ("event_logs", "asset_event_tags")}  # fmt: skip


def rows(home: Path) -> dict[str, int]:
    """Rows of the tables that grow, and the files of single runs."""
    found: dict[str, int] = {}
    for file, tables in TABLES.items():
        path = home / file
        if not path.is_file():
            continue
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30) as connection:
            for table in tables:
                (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                found[f"rows of {table}"] = count
    found["files of runs"] = len(list((home / "history" / "runs").glob("*.db")))
    return found


def tick_seconds(home: Path) -> dict[str, dict[str, Any]]:
    """How long the ticks of every sensor took, in the first and in the second half."""
    found: dict[str, dict[str, Any]] = {}
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for state in instance.all_instigator_state():
            ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id)
            took = [t.end_timestamp - t.timestamp for t in reversed(ticks) if t.end_timestamp]
            if len(took) < 4:
                continue
            half, known = len(took) // 2, Counter(tick.status.value for tick in ticks)
            found[state.name] = {
                "ticks": dict(known),
                "first_half_ms": round(1000 * sorted(took[:half])[half // 2]),
                "last_half_ms": round(1000 * sorted(took[half:])[(len(took) - half) // 2]),
                "worst_ms": round(1000 * max(took)),
            }
    return found


def old_ticks(home: Path, *, add: bool = True, count: int = 50) -> int:
    """Ticks older than any retention; with `add`, those of every sensor are made first.

    A sensor's old ticks go at its next one; without `add`, one that looked once at most (the sensor
    of a day) does not count.
    """
    before = time.time() - (OLD_DAYS - 1) * 86_400
    total = 0
    with dg.DagsterInstance.from_config(str(home)) as instance:
        deadline = time.monotonic() + 120
        while add and not instance.all_instigator_state() and time.monotonic() < deadline:
            time.sleep(0.5)
        for state in instance.all_instigator_state():
            for _ in range(count if add else 0):
                instance.create_tick(
                    TickData(
                        state.instigator_origin_id, state.name, state.instigator_type,
                        TickStatus.SKIPPED, time.time() - OLD_DAYS * 86_400,
                        selector_id=state.selector_id,
                    )
                )  # fmt: skip
            which = state.instigator_origin_id, state.selector_id
            if add or len(instance.get_ticks(*which, after=before, limit=2)) == 2:
                total += len(instance.get_ticks(*which, before=before))
    return total


def duplicate_runs(home: Path) -> list[str]:
    """Runs that share a run key, and runs of one partition and asset that overlap in time."""
    faults: list[str] = []
    with dg.DagsterInstance.from_config(str(home)) as instance:
        records = instance.get_run_records()
    keys = Counter(
        key for one in records if (key := one.dagster_run.tags.get("dagster/run_key"))
    )  # fmt: skip
    faults += [f"{key}: {count} runs" for key, count in keys.items() if count > 1]
    spans: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in records:
        partition = one.dagster_run.tags.get("dagster/partition", "")
        if one.start_time is None or one.end_time is None:
            continue
        for asset in one.dagster_run.asset_selection or ():
            where = (asset.to_user_string(), partition)
            spans.setdefault(where, []).append((one.start_time, one.end_time))
    for (asset, partition), found in spans.items():
        found.sort()
        for (_, end), (begin, _) in pairwise(found):
            if begin < end - 0.001:
                faults.append(f"{asset} of {partition}: two runs at once")
    return faults
