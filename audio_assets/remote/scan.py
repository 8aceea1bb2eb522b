"""The recordings table of a bucket: every object verified once, unchanged ones never again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from audio_assets.encoding.pipeline import ordered_map
from audio_assets.errors import AudioAssetsError
from audio_assets.progress import Progress
from audio_assets.recordings.doubtful_times import with_doubt
from audio_assets.recordings.listing import AUDIO_EXTENSIONS
from audio_assets.recordings.times import local_time_of
from audio_assets.recordings.verdict import Verdict
from audio_assets.recordings.verify_apart import verify_apart
from audio_assets.remote.bucket import Bucket, RemoteObject
from audio_assets.remote.local_copies import LocalCopies
from audio_assets.schemas import RECORDINGS

Row = dict[str, Any]


def scan_bucket(
    bucket: Bucket,
    copies: LocalCopies,
    *,
    previous: pa.Table | None = None,
    workers: int = 0,
    start_time: Callable[[str], datetime | None] = local_time_of,
) -> pa.Table:
    """List, fetch, hash and decode the recordings below a prefix.

    An object whose size and time are those of `previous` is not fetched. The times of S3 are whole
    seconds: an object put again within its second, with the same size, is not seen as changed.

    Args:
        bucket: the prefix.
        copies: where objects are kept while they are decoded.
        previous: the table of the last scan.
        workers: decoding threads; 0 takes one per processor.
        start_time: key → start time by the recorder's clock, or None.

    Returns:
        Table of the RECORDINGS schema, one row per object that claims to be a recording, sorted.

    Raises:
        StorageError: the bucket cannot be listed.
    """
    known = {row["path"]: row for row in previous.to_pylist()} if previous is not None else {}
    items = [item for item in bucket.objects() if _is_audio(item.key)]
    rows = {item.key: known[item.key] for item in items if _unchanged(known.get(item.key), item)}
    work = [item for item in items if item.key not in rows]

    def look(item: RemoteObject) -> Row:
        return _row(item, _verdict(bucket, item, copies))

    with Progress(len(work), "reading recordings", "objects") as progress:
        for row in ordered_map(look, work, workers=workers):
            rows[row["path"]] = row
            progress.update()
    ordered = [rows[key] for key in sorted(rows)]
    _mark_duplicates(ordered)
    for row in ordered:
        moment = start_time(row["path"])
        row["warning"] = with_doubt(row["warning"], moment)
        row["recorder_time"] = None if moment is None else moment.astimezone(UTC)
        row["start_time"] = row["recorder_time"]
    return pa.Table.from_pylist(ordered, schema=RECORDINGS)


def _verdict(bucket: Bucket, item: RemoteObject, copies: LocalCopies) -> Verdict:
    try:
        with copies.file(bucket, item) as path:
            return verify_apart(path, item.key) or Verdict()
    except AudioAssetsError as error:
        return Verdict(reason=str(error))
    except Exception as error:  # one object, whatever is in it, never stops the rest
        return Verdict(reason=f"could not be read: {type(error).__name__}: {error}")


def _row(item: RemoteObject, verdict: Verdict) -> Row:
    times = {"bytes": item.size, "mtime_ns": item.mtime_ns, "ctime_ns": None, "inode": None}
    return {"path": item.key, **asdict(verdict), "duplicate_of": None, **times}


def _unchanged(row: Row | None, item: RemoteObject) -> bool:
    if row is None or row["recording_id"] is None:
        return False
    return (row["bytes"], row["mtime_ns"]) == (item.size, item.mtime_ns)


def _is_audio(key: str) -> bool:
    name = key.rpartition("/")[2]
    return not name.startswith((".", "~")) and name.rpartition(".")[2].lower() in AUDIO_EXTENSIONS


def _mark_duplicates(rows: list[Row]) -> None:
    """Among rows sorted by key, the first of equal bytes is `ok`, the others name it."""
    first: dict[str, str] = {}
    for row in rows:
        if row["status"] == "failed":
            continue
        original = first.setdefault(row["recording_id"], row["path"])
        row["status"] = "ok" if original == row["path"] else "duplicate"
        row["duplicate_of"] = None if original == row["path"] else original
