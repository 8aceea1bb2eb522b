"""Search over the vectors of several folders at once, as long as they share one space.

Exact; a folder with an index on disk (`indexed_space`) is searched by that.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_assets.embedding_sets import IncompatibleSetsError
from audio_assets.errors import NotFoundError, NotMaterializedError, StorageError, UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home

CACHE_BYTES = 2 << 30


@dataclass(frozen=True)
class Space:
    """The stored vectors of one folder under one checkpoint, ready to be searched.

    Attributes:
        folder: key.
        checkpoint: name.
        signature: encoding signature.
        window_ids: object [N].
        recording_ids: object [N].
        start_s: float64 [N].
        end_s: float64 [N].
        units: float32 [N, dim], rows of length 1 or 0.
    """

    folder: str
    checkpoint: str
    signature: str
    window_ids: np.ndarray
    recording_ids: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    units: np.ndarray

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.units.shape[1]

    @property
    def nbytes(self) -> int:
        """Memory that the vectors take."""
        return self.units.nbytes

    def vector(self, row: int) -> np.ndarray:
        """The unit vector of a window, float32 [dim]."""
        return self.units[row]

    def best(self, unit: np.ndarray, k: int, keep: np.ndarray | None) -> list[tuple[int, float]]:
        """Rows and cosines of the k nearest, best first; equal ones in the order of rows.

        Args:
            unit: float32 [dim], of length 1 or 0.
            k: at least 1.
            keep: bool [N], the rows that may be found; None for all.
        """
        from audio_assets.analysis.neighbours import top_k

        scores = self.units @ unit
        if keep is not None:
            # all rows are scored: picking most of 100,000 out first would copy 300 MB
            scores = np.where(keep, scores, -np.inf)
        count = len(scores) if keep is None else int(keep.sum())
        rows = top_k(scores[None], min(k, count))[0]
        return list(zip(rows.tolist(), scores[rows].tolist(), strict=True))


@dataclass(frozen=True)
class Hit:
    """One window found: a row of a space, with its cosine (-1 to 1)."""

    space: Space
    row: int
    score: float

    @property
    def window_id(self) -> str:
        """The window."""
        return str(self.space.window_ids[self.row])

    @property
    def recording_id(self) -> str:
        """Its recording."""
        return str(self.space.recording_ids[self.row])


class Spaces:
    """Opens spaces and keeps those used last, up to 2 GiB of vectors; safe for threads."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[Any, Space]] = OrderedDict()

    def open(self, folders: Sequence[str] | None, checkpoint: str) -> list[Space]:
        """The spaces of some folders, or of all that have vectors of a checkpoint.

        Raises:
            NotFoundError: a folder is not registered.
            NotMaterializedError: one has no vectors of that checkpoint; or none has.
            IncompatibleSetsError: they were encoded differently; says which is which.
        """
        registered = FolderRegistry(self.home).load()
        unknown = [key for key in folders or () if key not in registered]
        if unknown:
            raise NotFoundError(f"There is no audio folder {unknown[0]!r}.")
        wanted = list(dict.fromkeys(folders)) if folders else self._encoded(registered, checkpoint)
        if not wanted:
            raise NotMaterializedError(
                f"No folder has embeddings of {checkpoint!r} yet. Start a processing job first."
            )
        spaces = [self._open(key, checkpoint) for key in wanted]
        _require_one(spaces)
        return spaces

    def _encoded(self, registered: Collection[str], checkpoint: str) -> list[str]:
        return [
            key
            for key in registered
            if self.home.asset("embeddings", checkpoint=checkpoint, folder=key).is_file()
        ]

    def _open(self, folder: str, checkpoint: str) -> Space:
        from audio_assets.indexed_space import open_indexed

        path = self.home.asset("embeddings", checkpoint=checkpoint, folder=folder)
        try:
            status = path.stat()
        except OSError:
            raise NotMaterializedError(
                f"Folder {folder!r} has no embeddings of {checkpoint!r} yet. Start a processing "
                "job for it first."
            ) from None
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        with self._lock:
            kept = self._kept.get((folder, checkpoint))
            if kept is not None and kept[0] == stamp:
                self._kept.move_to_end((folder, checkpoint))
                return kept[1]
        space = open_indexed(self.home, folder, checkpoint) or _read(self.home, folder, checkpoint)
        with self._lock:
            self._kept[folder, checkpoint] = (stamp, space)
            while len(self._kept) > 1 and self._bytes() > CACHE_BYTES:
                self._kept.popitem(last=False)
        return space

    def _bytes(self) -> int:
        return sum(space.nbytes for _, space in self._kept.values())


def vector_of(spaces: Sequence[Space], window_id: str) -> np.ndarray:
    """The vector of a window, float32 [dim], of length 1.

    Raises:
        NotFoundError: it is in none of the spaces.
    """
    for space in spaces:
        rows = np.flatnonzero(space.window_ids == window_id)
        if len(rows):
            return space.vector(int(rows[0]))
    folders = ", ".join(space.folder for space in spaces)
    raise NotFoundError(f"There is no window {window_id!r} with an embedding in {folders}.")


def nearest(
    spaces: Sequence[Space],
    query: np.ndarray,
    k: int,
    *,
    only: dict[str, set[str]] | None = None,
    leave_out: str | None = None,
    rows: dict[str, np.ndarray] | None = None,
) -> list[Hit]:
    """The k windows nearest to a vector, best first; equal scores by folder, then row.

    Args:
        spaces: of one signature.
        query: float [dim].
        k: at least 1.
        only: folder → recording ids that may be found; None for all.
        leave_out: a window that may not be found.
        rows: folder → bool [N], the rows of its space that may be found; None for all.

    Raises:
        UsageError: the query has another length or is not finite.
    """
    from audio_assets.analysis.neighbours import unit_rows

    query = np.asarray(query, np.float32).reshape(-1)
    if len(query) != spaces[0].dim:
        raise UsageError(f"The query has {len(query)} values; these vectors have {spaces[0].dim}.")
    if not np.isfinite(query).all():
        raise UsageError("The query vector holds NaN or infinite values.")
    unit = unit_rows(query[None])[0]
    hits: list[Hit] = []
    for space in spaces:
        parts: list[np.ndarray] = []
        if leave_out is not None:
            parts.append(space.window_ids != leave_out)
        if only is not None:
            parts.append(np.isin(space.recording_ids, list(only.get(space.folder, ()))))
        if rows is not None:
            parts.append(rows[space.folder])
        keep = np.logical_and.reduce(parts) if parts else None
        if len(space.window_ids) and (keep is None or keep.any()):
            hits += [Hit(space, row, score) for row, score in space.best(unit, k, keep)]
    return sorted(hits, key=lambda hit: (-hit.score, hit.space.folder, hit.row))[:k]


def _read(home: Home, folder: str, checkpoint: str) -> Space:
    from audio_assets.analysis.neighbours import unit_rows
    from audio_assets.encoding.embeddings_file import vectors_of
    from audio_assets.reading import embeddings_table

    table = embeddings_table(home, folder, checkpoint)
    signatures = table["encoding_signature"].unique().to_pylist()
    if len(signatures) > 1:
        raise StorageError(
            f"The embeddings of {folder!r} under {checkpoint!r} are of {len(signatures)} "
            "signatures; run the folder again."
        )
    columns = ("window_id", "recording_id", "start_s", "end_s")
    window_ids, recording_ids, start_s, end_s = (
        table[name].to_numpy(zero_copy_only=False) for name in columns
    )
    return Space(
        folder, checkpoint, signatures[0] if signatures else "", window_ids, recording_ids,
        start_s, end_s, unit_rows(vectors_of(table)),
    )  # fmt: skip


def _require_one(spaces: Sequence[Space]) -> None:
    groups: dict[str, list[str]] = {}
    for space in spaces:
        if len(space.window_ids):
            groups.setdefault(space.signature, []).append(space.folder)
    if len(groups) > 1:
        listed = "; ".join(f"{s[:16]}: {', '.join(folders)}" for s, folders in groups.items())
        raise IncompatibleSetsError(
            f"These folders were encoded differently, so their vectors have no common space. "
            f"By encoding signature: {listed}. Name folders of one signature."
        )
