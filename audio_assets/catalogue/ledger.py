"""What was uploaded or registered one by one: a small JSON per file, until a run has seen it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from audio_assets.errors import StorageError
from audio_assets.home import Home
from audio_assets.recordings.verdict import Verdict
from audio_assets.storage import read_json, write_json


@dataclass(frozen=True)
class Received:
    """One file that came through the door.

    Attributes:
        path: relative to its folder.
        bytes: its size.
        mtime_ns: its modification time.
        uploaded: whether its bytes were sent here, not only named.
        received: when, ISO 8601 in UTC.
        start_time: read out of its original name, ISO 8601 in UTC; None when it says nothing.
        verdict: what is in it.
    """

    path: str
    bytes: int
    mtime_ns: int
    uploaded: bool
    received: str
    start_time: str | None
    verdict: Verdict


def note(home: Home, folder: str, received: Received) -> None:
    """Store one entry; a second one of the same path replaces it."""
    write_json(_file(home, folder, received.path), asdict(received))


def noted(home: Home, folder: str) -> list[Received]:
    """All entries of a folder, sorted by path; a damaged one is left out."""
    found: list[Received] = []
    try:
        with os.scandir(_directory(home, folder)) as entries:
            there = [one for one in entries if one.name.endswith(".json") and one.name[0] != "."]
    except FileNotFoundError:
        return []
    for one in there:
        try:
            status = one.stat()
            found.append(_read(one.path, status.st_mtime_ns, status.st_ino))
        except (OSError, StorageError, TypeError, KeyError):
            continue
    return sorted(found, key=lambda one: one.path)


@lru_cache(maxsize=100_000)
def _read(path: str, _mtime_ns: int, _inode: int) -> Received:
    """One entry, parsed once: every upload makes a folder's entries be looked at again."""
    content = read_json(Path(path))
    return Received(**{**content, "verdict": Verdict(**content["verdict"])})


def counts(home: Home) -> tuple[int, int]:
    """Number and bytes of all files that were uploaded to this home."""
    files = size = 0
    base = home.data / "uploads"
    for directory in base.iterdir() if base.is_dir() else []:
        for received in noted(home, directory.name):
            if received.uploaded:
                files, size = files + 1, size + received.bytes
    return files, size


def stamp(home: Home, folder: str) -> int:
    """Changes whenever an entry comes or goes."""
    try:
        return _directory(home, folder).stat().st_mtime_ns
    except OSError:
        return 0


def _directory(home: Home, folder: str) -> Path:
    return home.data / "uploads" / folder


def _file(home: Home, folder: str, path: str) -> Path:
    name = hashlib.sha256(path.encode()).hexdigest()[:32]
    return _directory(home, folder) / f"{name}.json"
