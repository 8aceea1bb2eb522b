"""What a run has to compute, and where the rest comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from audio_assets.encoding.shards import ShardStore
from audio_assets.encoding.stored_rows import StoredRows


class RowSource(Protocol):
    """Finished rows that can be read by number."""

    def take(self, rows: np.ndarray, /) -> np.ndarray | StoredRows:
        """[n, *shape] of int64 [n] row numbers."""
        ...


@dataclass(frozen=True)
class Plan:
    """Each window's row in the previous output and in the shards, int64 [N]; -1 = not there."""

    previous: np.ndarray
    shards: np.ndarray

    @property
    def reused(self) -> np.ndarray:
        """Mask, bool [N]: taken from the previous output."""
        return self.previous >= 0

    @property
    def resumed(self) -> np.ndarray:
        """Mask, bool [N]: finished by a run that was killed."""
        return (self.previous < 0) & (self.shards >= 0)

    @property
    def todo(self) -> np.ndarray:
        """Ascending rows of the windows to compute, int64 [n]."""
        return np.flatnonzero((self.previous < 0) & (self.shards < 0))


def kept_windows(windows: pa.Table, failed: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    """The windows of recordings that did not fail, and their row numbers (int64)."""
    keep = np.flatnonzero(~failed)
    return (
        (windows, keep) if len(keep) == windows.num_rows else (windows.take(pa.array(keep)), keep)
    )


def assemble(
    plan: Plan, keep: np.ndarray, previous: RowSource | None, shards: ShardStore, step: int
) -> Iterator[np.ndarray | StoredRows]:
    """Finished rows in the order of the windows, `step` at a time.

    Args:
        plan: where each window's row is; every row of `keep` has a place.
        keep: int64 [n], ascending rows of the windows wanted.
        previous: the previous output.
        shards: what this run and killed ones finished.
        step: rows per block.

    Yields:
        [≤ step, *shape].
    """
    for begin in range(0, len(keep), step):
        rows = keep[begin : begin + step]
        old = plan.reused[rows]
        if previous is not None and old.all():
            yield previous.take(plan.previous[rows])
            continue
        fresh = shards.take(plan.shards[rows][~old])
        if previous is None or not old.any():
            yield fresh
            continue
        block = np.empty((len(rows), *fresh.shape[1:]), fresh.dtype)
        block[old] = previous.take(plan.previous[rows][old])
        block[~old] = fresh
        yield block
