"""Gathers the overview of a folder's recordings, and the files with something wrong."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from audio_assets.recordings.windows import grid_of
from audio_assets.reports.contents import Overview, Trouble

if TYPE_CHECKING:
    import pandas as pd


def gather_overview(recordings: pa.Table, windows: pd.DataFrame) -> Overview:
    """Count and sum up.

    Args:
        recordings: `schemas.RECORDINGS`, with the folder's grid.
        windows: that have a vector; recording_id is used.

    Raises:
        StorageError: the table carries no grid.
    """
    rows = recordings.to_pylist()
    ok = [row for row in rows if row["status"] == "ok"]
    durations = [row["duration_s"] or 0.0 for row in ok]
    started = [row for row in ok if row["start_time"] is not None]
    first, last = _times(started)
    return Overview(
        status=Counter(row["status"] for row in rows),
        seconds=float(sum(durations)),
        bytes=sum(row["bytes"] for row in ok),
        shortest_s=min(durations, default=None),
        longest_s=max(durations, default=None),
        formats=Counter(_format(row["format"], row["subtype"]) for row in ok),
        rates=Counter(row["sample_rate"] for row in ok if row["sample_rate"]),
        channels=Counter(row["channels"] for row in ok if row["channels"]),
        with_start=len(started),
        first=first,
        last=last,
        grid=grid_of(recordings),
        not_encoded=len(_without_vectors(ok, windows)),
    )


def gather_troubles(recordings: pa.Table, windows: pd.DataFrame) -> list[Trouble]:
    """Files that failed, were not encoded, are duplicates or have a warning, in that order."""
    rows = recordings.to_pylist()
    ok = [row for row in rows if row["status"] == "ok"]
    failed = [
        Trouble(row["path"], "failed", row["reason"] or "no reason was kept")
        for row in rows
        if row["status"] == "failed"
    ]
    why = "it gave no vector; running the folder again tells why"
    silent = [Trouble(row["path"], "not encoded", why) for row in _without_vectors(ok, windows)]
    copies = [
        Trouble(row["path"], "duplicate", f"the same bytes as {row['duplicate_of']}")
        for row in rows
        if row["status"] == "duplicate"
    ]
    warned = [Trouble(row["path"], "warning", row["warning"]) for row in ok if row["warning"]]
    return [*failed, *silent, *copies, *warned]


def _without_vectors(ok: list[dict], windows: pd.DataFrame) -> list[dict]:
    encoded = set(windows["recording_id"])
    return [row for row in ok if row["recording_id"] not in encoded]


def _format(container: str | None, subtype: str | None) -> str:
    return " ".join(part for part in (container, subtype) if part) or "not stated"


def _times(started: list[dict]) -> tuple[datetime | None, datetime | None]:
    if not started:
        return None, None
    ends = (r["start_time"] + timedelta(seconds=r["duration_s"] or 0.0) for r in started)
    return min(row["start_time"] for row in started), max(ends)
