"""The CPU half on Ray Data: a block of jobs in, model-ready arrays out, a job at a time."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.distributed.job_table import jobs_of
from audio_assets.encoding.fetched_inputs import Files, read_fetched
from audio_assets.encoding.inputs import InputBatch, Readers, read_inputs
from audio_assets.encoding.protocols import ArrayTransform
from audio_assets.errors import EncodingError

Rows = dict[str, np.ndarray]


def read_block(
    block: pa.Table, root: Path, transform: ArrayTransform, files: Files | None = None
) -> Iterator[Rows]:
    """Decode, resample and transform with `read_inputs`, as the local engine's threads do.

    Args:
        block: table of `job_table.SCHEMA`.
        root: the folder. A node that does not see it is an error of the cluster, and never makes
            its recordings count as vanished.
        transform: the checkpoint's.
        files: where the recordings are found; below `root` where None.

    Yields:
        Per job: `window`, `count` and `start` int64 [n], `inputs` [n, *output_shape], `path` and
        `reason` str [n], `seconds` float64 [n, 3] of decoding, resampling and transforming. A job
        that failed is one row, with a reason and an array of zeros.

    Raises:
        EncodingError: this node does not see the folder.
    """
    if files is None and not root.is_dir():
        raise EncodingError(
            f"The node {socket.gethostname()} does not see the folder {root}. Mount it there under "
            "the same path, or keep such nodes out of the cluster."
        )
    with Readers() as readers:
        for job in jobs_of(block):
            if files is None:
                batch = read_inputs(job, transform, readers)
            else:
                batch = read_fetched(job, transform, readers, files)
            yield _rows(batch, transform)


def _rows(batch: InputBatch, transform: ArrayTransform) -> Rows:
    job, arrays, reason = batch.job, batch.arrays, batch.reason or ""
    windows, counts, starts = job.windows, job.counts, job.spans[:, 0]
    if arrays is None:
        windows, counts, starts = windows[:1], counts[:1], starts[:1]
        reason = reason or "unknown"
        arrays = np.zeros((1, *transform.output_shape), transform.output_dtype)
    seconds = np.zeros((len(windows), 3))
    seconds[0] = [batch.seconds.get(name, 0.0) for name in ("decode", "resample", "transform")]
    return {
        "window": windows,
        "count": counts,
        "start": starts,
        "inputs": arrays,
        "path": np.full(len(windows), job.recording.path),
        "reason": np.full(len(windows), reason),
        "seconds": seconds,
    }
