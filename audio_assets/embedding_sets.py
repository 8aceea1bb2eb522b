"""Embedding sets: the vectors of one recording of one folder under one encoding signature.

They are rows of the `embeddings` asset; nothing is stored a second time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from audio_assets.errors import NotFoundError, StorageError, UsageError
from audio_assets.home import SLUG, Home

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

ID = re.compile(
    rf"(?P<signature>[0-9a-f]{{1,16}})-(?P<recording>[0-9a-f]{{16}})-(?P<folder>{SLUG.pattern})"
)


class EmbeddingSetNotFoundError(NotFoundError):
    """No embedding set has that id."""


class IncompatibleSetsError(UsageError):
    """Vectors of different dimension or encoding signature were to be put into one space."""


@dataclass(frozen=True)
class EmbeddingSet:
    """One embedding set.

    Attributes:
        id: `<16 hex of the signature>-<16 hex of the recording>-<folder>`, safe in a URL.
        folder: key of the audio folder; checkpoint: name of the one that made the vectors.
        recording_id: SHA-256 of the recording's bytes.
        path: of the recording, relative to its folder.
        encoding_signature: 64 hex digits; equal signatures, one space.
        dim: length of a vector; windows: number of vectors.
        window_s: window length of the folder's grid in seconds; hop_s: between two starts.
        policy: `clip` (one window, as long as the recording) or `sliding`.
        start_time: of the recording, in UTC; None when unknown.
    """

    id: str
    folder: str
    checkpoint: str
    recording_id: str
    path: str
    encoding_signature: str
    dim: int
    windows: int
    window_s: float
    hop_s: float
    policy: str
    start_time: datetime | None


def list_embedding_sets(
    home: Home, folder: str | None = None, checkpoint: str | None = None
) -> list[EmbeddingSet]:
    """All embedding sets of a home, sorted by folder, checkpoint and path.

    Two checkpoints of one signature (a copy under another name) give the same sets; those are
    listed once, unless `checkpoint` asks for one of them.
    """
    seen: dict[str, EmbeddingSet] = {}
    for path in _embedding_files(home, folder, checkpoint):
        for found in _sets_of(home, path):
            seen.setdefault(found.id, found)
    return list(seen.values())


def get_embedding_set(home: Home, id: str) -> EmbeddingSet:
    """The embedding set of that id.

    Raises:
        EmbeddingSetNotFoundError: there is none (any more).
    """
    parts = ID.fullmatch(id)
    if parts is not None:
        for path in _embedding_files(home, parts["folder"]):
            for found in _sets_of(home, path):
                if found.id == id:
                    return found
    raise EmbeddingSetNotFoundError(
        f"There is no embedding set {id!r}. Ids change when a folder is encoded anew with other "
        "weights or windows; list the sets that are there."
    )


def load_sets(home: Home, ids: Sequence[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """The windows and vectors of several embedding sets, which must share one space.

    An id that is given twice counts once.

    Returns:
        windows: one row per vector: window_id, recording_id, folder, path, start_s, end_s, then
            the metadata columns of the folders.
        vectors: float32 [N, dim], in the order of `windows`.

    Raises:
        EmbeddingSetNotFoundError: an id is unknown.
        IncompatibleSetsError: dimensions or signatures differ; both sides are named.
        UsageError: no id was given.
    """
    if not ids:
        raise UsageError("No embedding set was named; name at least one.")
    sets = [get_embedding_set(home, id) for id in dict.fromkeys(ids)]
    require_one_space(sets)
    return load_rows(home, sets)


def require_one_space(sets: Iterable[EmbeddingSet]) -> None:
    """Refuse sets whose vectors cannot be compared with one another.

    Raises:
        IncompatibleSetsError: naming the first two that differ.
    """
    first: EmbeddingSet | None = None
    for other in sets:
        first = first or other
        if other.dim != first.dim:
            raise IncompatibleSetsError(
                f"{describe(first)} has {first.dim}-d vectors and {describe(other)} has "
                f"{other.dim}-d ones; they have no common space. Choose sets of one checkpoint."
            )
        if other.encoding_signature != first.encoding_signature:
            raise IncompatibleSetsError(
                f"{describe(first)} (encoding signature {first.encoding_signature[:16]}) and "
                f"{describe(other)} ({other.encoding_signature[:16]}) were encoded differently; "
                "distances between their vectors mean nothing. " + _remedy(first, other)
            )


def describe(found: EmbeddingSet) -> str:
    """Words for a set: recording, folder and checkpoint."""
    return f"{found.path!r} of folder {found.folder!r} under {found.checkpoint!r}"


def load_rows(home: Home, sets: Sequence[EmbeddingSet]) -> tuple[pd.DataFrame, np.ndarray]:
    """As `load_sets`, for sets that `require_one_space` let pass; folder by folder."""
    import pandas as pd

    from audio_assets.reading import load_embeddings
    from audio_assets.settings import load_settings

    wanted: dict[tuple[str, str], list[str]] = {}
    for one in sets:
        wanted.setdefault((one.folder, one.checkpoint), []).append(one.recording_id)
    frames, blocks = [], []
    for (folder, checkpoint), recordings in wanted.items():
        frame, vectors = load_embeddings(folder, checkpoint, settings=load_settings(home=home.root))
        keep = frame["recording_id"].isin(recordings).to_numpy()
        frame = frame[keep]
        frame.insert(2, "folder", folder)
        frames.append(frame)
        blocks.append(vectors[keep])
    return pd.concat(frames, ignore_index=True), np.concatenate(blocks)


def _remedy(first: EmbeddingSet, other: EmbeddingSet) -> str:
    if first.checkpoint != other.checkpoint:
        return "Choose sets of one checkpoint; 'audio-assets compare' compares two."
    return "Their window grids or weights differ; encode both in the same way."


def _embedding_files(
    home: Home, folder: str | None = None, checkpoint: str | None = None
) -> list[Path]:
    """Stored embeddings tables, sorted by folder, then checkpoint."""
    for key in (folder, checkpoint):
        if key is not None and not SLUG.fullmatch(key):
            return []  # such a key would be a pattern or a path of its own
    directory = home.assets / "embeddings"
    paths = directory.glob(f"{checkpoint or '*'}/{folder or '*'}.parquet")
    shown = (p for p in paths if not p.name.startswith("."))
    return sorted(shown, key=lambda p: (p.name, p.parent.name))


def _sets_of(home: Home, path: Path) -> tuple[EmbeddingSet, ...]:
    """The sets in one embeddings table; () when it or its recordings table cannot be read."""
    folder = path.name.removesuffix(".parquet")
    tables = [path, *(home.asset(a, folder=folder) for a in ("raw_audio", "metadata_table"))]
    try:
        return _read_sets(folder, path.parent.name, *((str(t), _stamp(t)) for t in tables))
    except StorageError as error:
        log.warning("Its embedding sets are not listed: %s", error)
        return ()


def _stamp(path: Path) -> tuple[int, int]:
    """Changes whenever the file does, since files are replaced, never written in place."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_ino


Stamped = tuple[str, tuple[int, int]]


@lru_cache(maxsize=256)
def _read_sets(
    folder: str, checkpoint: str, embeddings: Stamped, recordings: Stamped, metadata: Stamped
) -> tuple[EmbeddingSet, ...]:
    """Read the sets of one table; kept as long as none of the three files changes."""
    import pyarrow.parquet as pq

    from audio_assets.recordings.windows import grid_of
    from audio_assets.storage import read_parquet

    table = read_parquet(Path(embeddings[0]), ["recording_id", "encoding_signature"])
    dim = pq.read_schema(embeddings[0]).field("embedding").type.list_size
    counts = table.group_by(["recording_id", "encoding_signature"]).aggregate([([], "count_all")])
    raw = read_parquet(Path(recordings[0]))
    grid = grid_of(raw)
    known = {r["recording_id"]: r for r in raw.to_pylist() if r["status"] == "ok"}
    times: dict[str, datetime | None] = {}  # of the data set's own table; they win over file names
    if any(metadata[1]):
        rows = read_parquet(Path(metadata[0]), ["path", "start_time"]).to_pylist()
        times = {row["path"]: row["start_time"] for row in rows}
    found = []
    for row in counts.to_pylist():
        recording, signature = row["recording_id"], row["encoding_signature"]
        if recording not in known:
            continue  # removed since: gone from the next embeddings, too
        path = known[recording]["path"]
        found.append(
            EmbeddingSet(
                id=f"{signature[:16]}-{recording[:16]}-{folder}",
                folder=folder, checkpoint=checkpoint, recording_id=recording, path=path,
                encoding_signature=signature, dim=dim, windows=row["count_all"],
                window_s=grid.window_s, hop_s=grid.hop_s, policy=grid.policy,
                start_time=times.get(path) or known[recording]["start_time"],
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda s: (s.path, s.encoding_signature)))
