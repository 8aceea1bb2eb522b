"""Vectors that need not be computed again because a classifier's base has them already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.encoding.embeddings_file import (
    EmbeddingsFile,
    rows_per_group,
    write_embeddings,
)
from audio_assets.home import Home
from audio_assets.models.linear_probe.base import require_base
from audio_assets.models.linear_probe.card import LinearProbeCard
from audio_assets.models.registry import Checkpoint, weights_sha256
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.orchestration.signatures import expected_signature, stored_signature
from audio_assets.storage import read_parquet


@contextmanager
def vectors_to_reuse(
    home: Home,
    checkpoint: Checkpoint,
    folder: str,
    recordings: pa.Table,
    compute: ComputeResource,
    signature: str,
) -> Iterator[Path | None]:
    """The table whose rows an encoding of a folder may take over, or None.

    Usually that is the folder's own table. A linear probe gives its base's vectors, so where those
    are there and up to date, they are lent to it under its own signature, and nothing is encoded.

    Args:
        home: holds the tables.
        checkpoint: that is about to encode.
        folder: key of the folder.
        recordings: output of raw_audio.
        compute: device and precision.
        signature: of the encoding.

    Raises:
        CheckpointError: the base of a linear probe is gone or changed.
        StorageError: a table cannot be read or written.
    """
    own = home.asset("embeddings", checkpoint=checkpoint.name, folder=folder)
    there = own if own.is_file() else None
    if not isinstance(checkpoint.card, LinearProbeCard) or stored_signature(own) == signature:
        yield there
        return
    base = require_base(checkpoint)
    lent = home.asset("embeddings", checkpoint=base.name, folder=folder)
    wanted = expected_signature(
        base.card, {"weights_sha256": weights_sha256(base)}, recordings, compute
    )
    other_arithmetic = compute.effective(base.card) != compute.effective(checkpoint.card)
    if other_arithmetic or stored_signature(lent) != wanted:
        yield there
        return
    copy = home.work / "borrowed" / checkpoint.name / f"{folder}.parquet"
    try:
        write_under(lent, copy, signature)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def write_under(source: Path, out: Path, signature: str) -> None:
    """Write an embeddings table again with another signature, row group by row group.

    Raises:
        StorageError: one cannot be read, the other not written.
    """
    windows = read_parquet(source, ["window_id", "recording_id", "start_s", "end_s"])
    file = EmbeddingsFile(source)
    step = rows_per_group(file.dim)
    try:
        blocks = (
            file.take(np.arange(begin, min(begin + step, windows.num_rows)))
            for begin in range(0, windows.num_rows, step)
        )
        metadata = {"encoding_signature": signature, "dim": str(file.dim)}
        write_embeddings(out, windows, signature, file.dim, blocks, metadata)
    finally:
        file.close()
