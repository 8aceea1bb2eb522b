"""Encoding jobs as Arrow tables, the blocks that Ray Data hands to its tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.encoding.jobs import InputJob, Recording
from audio_assets.errors import UsageError

SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("file", pa.string()),
        ("sample_rate", pa.int64()),
        ("frames", pa.int64()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("windows", pa.list_(pa.int64())),
        ("counts", pa.list_(pa.int64())),
        ("spans", pa.list_(pa.int64())),
    ]
)
"""One job a row; `spans` holds first frame and frames of each input in turn."""


def job_tables(jobs: Iterable[InputJob], inputs: int) -> Iterator[pa.Table]:
    """Tables of consecutive jobs with about `inputs` inputs each.

    Jobs of one recording that lie in one table are read by one task, which opens it once.

    Args:
        jobs: in the order of the windows.
        inputs: at least 1.

    Raises:
        UsageError: the recordings are of radio.
    """
    waiting: list[InputJob] = []
    held = 0
    for job in jobs:
        if job.recording.radio is not None:
            raise UsageError(
                "Folders of IQ recordings are encoded on one machine; set "
                "AUDIO_ASSETS_ENGINE=local."
            )
        waiting.append(job)
        held += len(job.windows)
        if held >= inputs:
            yield _table(waiting)
            waiting, held = [], 0
    if waiting:
        yield _table(waiting)


def jobs_of(table: pa.Table) -> Iterator[InputJob]:
    """The jobs of a table of `SCHEMA`, in order."""
    for row in table.to_pylist():
        recording = Recording(
            row["path"],
            Path(row["file"]),
            row["sample_rate"],
            row["frames"],
            row["size"],
            row["mtime_ns"],
        )
        columns = (np.array(row[name], np.int64) for name in ("windows", "counts", "spans"))
        windows, counts, spans = columns
        yield InputJob(recording, windows, counts, spans.reshape(-1, 2))


def _table(jobs: list[InputJob]) -> pa.Table:
    rows = [
        {
            "path": job.recording.path,
            "file": str(job.recording.file),
            "sample_rate": job.recording.sample_rate,
            "frames": job.recording.frames,
            "size": job.recording.size,
            "mtime_ns": job.recording.mtime_ns,
            "windows": job.windows.tolist(),
            "counts": job.counts.tolist(),
            "spans": job.spans.ravel().tolist(),
        }
        for job in jobs
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)
