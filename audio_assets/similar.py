"""The windows of one folder most like some of its windows or a vector, with filters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from audio_assets.errors import UsageError
from audio_assets.searching import Hit, Space, nearest, vector_of

MOST = 10_000
"""Results at most: a view holds one id per result."""


@dataclass(frozen=True)
class Wanted:
    """What may be found.

    Attributes:
        k: how many, 1 to 10,000.
        among: window ids that may be found; None for all of the folder.
        other_recordings: leave out windows of the recordings that were asked with.
        one_per_recording: only the best window of each recording.
    """

    k: int = 20
    among: Collection[str] | None = None
    other_recordings: bool = False
    one_per_recording: bool = False


def find_similar(
    space: Space,
    *,
    windows: Sequence[str] = (),
    vector: np.ndarray | None = None,
    wanted: Wanted | None = None,
) -> list[Hit]:
    """The windows most like some windows or a vector, by cosine, best first.

    Several windows are asked with by the mean of their directions; they are not found themselves.

    Args:
        space: the vectors of a folder under a checkpoint.
        windows: ids of windows of the folder.
        vector: float [dim], instead.
        wanted: how many and which.

    Returns:
        At most k hits.

    Raises:
        UsageError: neither or both queries, k out of range, a vector of another length.
        NotFoundError: a window has no vector.
    """
    wanted = wanted or Wanted()
    if bool(len(windows)) == (vector is not None):
        raise UsageError("Ask with samples or with a vector: select a sample, or give a vector.")
    if not 1 <= wanted.k <= MOST:
        raise UsageError(f"Ask for 1 to {MOST:,} results, not {wanted.k}.")
    query = _mean_direction(space, windows) if vector is None else vector
    rows = {space.folder: _allowed(space, windows, wanted)}
    if not wanted.one_per_recording:
        return nearest([space], query, wanted.k, rows=rows)
    asked = wanted.k
    while True:
        hits = nearest([space], query, asked, rows=rows)
        first = list({hit.recording_id: hit for hit in reversed(hits)}.values())[::-1]
        if len(first) >= wanted.k or len(hits) < asked:
            return sorted(first, key=lambda hit: (-hit.score, hit.row))[: wanted.k]
        asked *= 4


def _mean_direction(space: Space, windows: Sequence[str]) -> np.ndarray:
    return np.mean([vector_of([space], window) for window in windows], axis=0)


def _allowed(space: Space, windows: Sequence[str], wanted: Wanted) -> np.ndarray:
    """Rows that may be found, bool [N]."""
    own = _among(space.window_ids, windows)
    allowed = ~own
    if wanted.among is not None:
        allowed &= _among(space.window_ids, wanted.among)
    if wanted.other_recordings:
        allowed &= ~_among(space.recording_ids, set(space.recording_ids[own]))
    return allowed


def _among(column: np.ndarray, values: Collection[str]) -> np.ndarray:
    """Whether each text is one of some; bool [N]. Hashing, for sorting objects is slow."""
    known = values if isinstance(values, set | frozenset) else set(values)
    if not known:
        return np.zeros(len(column), bool)
    return np.fromiter((value in known for value in column), bool, len(column))
