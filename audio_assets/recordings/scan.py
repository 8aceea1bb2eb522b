"""The recordings table of a folder: every audio file verified once, unchanged ones never again."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from audio_assets.progress import Progress
from audio_assets.radio.captures import facts_changed, start_time_of_samples
from audio_assets.radio.identity import (
    identity_of_sound,
    reading_of_sound,
    sound_reading_changed,
)
from audio_assets.radio.names import NUMPY, is_radio_name, is_sigmf_name
from audio_assets.radio.statement import RadioSettings
from audio_assets.recordings.clock import NO_CORRECTION, ClockCorrection, with_clock
from audio_assets.recordings.doubtful_times import with_doubt
from audio_assets.recordings.listing import AudioFile, list_audio
from audio_assets.recordings.sources import NEEDS_AV
from audio_assets.recordings.times import local_time_of
from audio_assets.recordings.verdict import Verdict
from audio_assets.recordings.verify_apart import Listener, verify_apart
from audio_assets.schemas import RECORDINGS

CLOCK_TICK_NS = 20_000_000
"""A file written this shortly before the scan could change again within one tick of the file
system's clock; its change time is then not stored, so that the next scan hashes it once more."""

WORTH_LISTENING = 64
"""Recordings to read from which it pays to prepare each of those processes for a listener."""

Row = dict[str, Any]


def scan_folder(
    root: Path,
    *,
    previous: pa.Table | None = None,
    verify: bool = False,
    workers: int = 0,
    start_time: Callable[[str], datetime | None] = local_time_of,
    clock: ClockCorrection = NO_CORRECTION,
    radio: RadioSettings | None = None,
    listener: Listener | None = None,
) -> pa.Table:
    """Find, hash and decode the recordings below a directory.

    A file that cannot be used is a row of status `failed` with a reason, and never stops the
    rest. A file whose size, mtime, ctime and inode are those of `previous` keeps its row unopened.

    Args:
        root: the folder; links that leave it are not followed.
        previous: the table of the last scan of the same folder.
        verify: hash every file again, changed or not.
        workers: decoding threads; 0 takes one per processor.
        start_time: relative path → start time by the recorder's clock in its own zone, or None.
        clock: what that clock was wrong by; kept in the table's schema metadata.
        radio: what the folder says of its IQ recordings; None in a folder of sound.
        listener: makes something of the sound of short recordings where many are read.

    Returns:
        Table of the RECORDINGS schema, one row per file, sorted by path.

    Raises:
        UsageError: when `root` cannot be read.
    """
    now = time.time_ns()
    files = list_audio(root, frozenset() if radio is None else frozenset({NUMPY}))
    before = previous.to_pylist() if previous is not None else []
    known = {row["path"]: row for row in before}
    rows: dict[str, Row] = {}
    work: list[tuple[AudioFile, Row | None]] = []
    for file in files:
        row = known.get(file.key)
        if file.stat is None:
            rows[file.key] = _row(file, Verdict(reason=file.problem), now)
        elif (
            row is not None
            and not verify
            and _unchanged(row, file.stat)
            and not facts_changed(file.path, row, radio)
            and not _read_otherwise(file, row, radio)
        ):
            rows[file.key] = dict(row)
        else:
            work.append((file, row))
    if len(work) < WORTH_LISTENING:
        listener = None
    rows.update(_verify_all(work, workers, now, radio, listener))
    ordered = [rows[key] for key in sorted(rows)]
    for row in ordered:
        by_samples = is_sigmf_name(row["path"]) and start_time_of_samples(root / row["path"])
        moment = by_samples or start_time(row["path"])
        row["warning"] = with_doubt(row["warning"], moment)
        row["recorder_time"] = None if moment is None else moment.astimezone(UTC)
        row["start_time"] = clock.correct(row["recorder_time"])
    _mark_duplicates(ordered)
    if previous is not None and ordered == before and previous.schema.equals(RECORDINGS):
        return with_clock(previous, clock)  # from_pylist imports pandas, a third of a second
    return with_clock(pa.Table.from_pylist(ordered, schema=RECORDINGS), clock)


def folder_version(
    recordings: pa.Table, side_files: Mapping[str, str], settings: Mapping[str, Any]
) -> str:
    """Version of a folder's content and settings.

    Args:
        recordings: the scan.
        side_files: relative path → SHA-256 of every file that feeds the metadata.
        settings: the folder's settings, of JSON types.

    Returns:
        SHA-256 hex over sorted (path, hash, status), side files and settings.
    """
    columns = (recordings[name].to_pylist() for name in ("path", "recording_id", "status"))
    content = [sorted(zip(*columns, strict=True)), sorted(side_files.items()), dict(settings)]
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _verify_all(
    work: list[tuple[AudioFile, Row | None]], workers: int, now: int, radio: RadioSettings | None,
    listener: Listener | None,
) -> dict[str, Row]:  # fmt: skip
    """Verify files in threads; libsndfile and hashlib release the interpreter's lock."""
    if not work:
        return {}
    rows: dict[str, Row] = {}
    threads = min(len(work), workers or os.cpu_count() or 1)
    with (
        Progress(len(work), "reading recordings", "files") as progress,
        ThreadPoolExecutor(threads, thread_name_prefix="scan") as pool,
    ):
        jobs = {
            pool.submit(_verify_one, file, row, now, radio, listener): file.key
            for file, row in work
        }
        try:
            for job in as_completed(jobs):
                rows[jobs[job]] = job.result()
                progress.update()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return rows


def _verify_one(
    file: AudioFile, row: Row | None, now: int, radio: RadioSettings | None,
    listener: Listener | None,
) -> Row:  # fmt: skip
    """The new row of one file; its old one where the bytes turn out to be the same."""
    same = None
    if row is not None and row["status"] != "failed" and not _read_otherwise(file, row, radio):
        same = row["recording_id"]
    try:
        if _is_iq(file):
            from audio_assets.radio.verify import verify_iq

            verdict = verify_iq(file.path, radio, in_sound=radio is None)
        else:
            verdict = verify_apart(file.path, file.key, same, listener=listener)
            if verdict is not None:
                _note_reading(verdict, radio)
    except Exception as error:  # one file, whatever is in it, never stops the rest
        verdict = Verdict(reason=f"could not be read: {type(error).__name__}: {error}")
    if verdict is None and row is not None:
        return {**row, **_stat_fields(file, now)}
    return _row(file, verdict or Verdict(), now)


def _read_otherwise(file: AudioFile, row: Row, radio: RadioSettings | None) -> bool:
    """Whether a sound file is to be taken for other samples than the last time."""
    return not _is_iq(file) and sound_reading_changed(row, radio)


def _is_iq(file: AudioFile) -> bool:
    return is_radio_name(file.key) or file.key.lower().endswith(f".{NUMPY}")


def _note_reading(verdict: Verdict, radio: RadioSettings | None) -> None:
    """A sound file in a folder of radio is another recording when it is read as I and Q."""
    digest, subtype, channels = verdict.recording_id, verdict.subtype, verdict.channels
    if digest is not None and subtype is not None and channels is not None:
        verdict.subtype = reading_of_sound(subtype, channels, radio)
        verdict.recording_id = identity_of_sound(digest, subtype, channels, verdict.subtype)


def _row(file: AudioFile, verdict: Verdict, now: int) -> Row:
    return {"path": file.key, **asdict(verdict), "duplicate_of": None, **_stat_fields(file, now)}


def _stat_fields(file: AudioFile, now: int) -> Row:
    """Size, times and inode; without the times when the file is too fresh to trust them."""
    if file.stat is None:
        return {"bytes": 0, "mtime_ns": None, "ctime_ns": None, "inode": None}
    changed = max(file.stat.st_mtime_ns, file.stat.st_ctime_ns)
    return {
        "bytes": file.stat.st_size,
        "mtime_ns": file.stat.st_mtime_ns,
        "ctime_ns": None if abs(now - changed) < CLOCK_TICK_NS else file.stat.st_ctime_ns,
        "inode": file.stat.st_ino,
    }


def _unchanged(row: Row, status: os.stat_result) -> bool:
    """Whether an old row still speaks of the file; never for what may work the next time."""
    if row["recording_id"] is None or row["reason"] == NEEDS_AV:
        return False
    found = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return found == (row["bytes"], row["mtime_ns"], row["ctime_ns"], row["inode"])


def _mark_duplicates(rows: list[Row]) -> None:
    """Among rows sorted by path, the first of equal bytes is `ok`, the others name it."""
    first: dict[str, str] = {}
    for row in rows:
        if row["status"] == "failed":
            continue
        original = first.setdefault(row["recording_id"], row["path"])
        duplicate = original != row["path"]
        row["status"] = "duplicate" if duplicate else "ok"
        row["duplicate_of"] = original if duplicate else None
