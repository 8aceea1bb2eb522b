"""A copy of a home that is in use: `audio-assets backup TARGET`; the copy is a home of its own.

What each file is decides how it is copied. Outputs, cards and tables are replaced whole by their
writers, so a plain copy of each is whole. SQLite files are copied by SQLite's own backup, MongoDB's
while it holds its writes back. Dagster's records come first: an output that is newer than its
record is computed again, which is safe; the other way round it would be missed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from audio_assets.errors import StorageError, UsageError
from audio_assets.home import Home
from audio_assets.storage import TEMPORARY

RECORDS = ("history", "schedules", "storage", "dagster.yaml", "dagster_cloud.yaml")
PARTS = ("home.json", "folders.yaml", "checkpoints", "data", "models")
DATABASE = Path(".fiftyone/db")
OF_A_PROCESS = frozenset(
    {"locks", "mongod.json", "mongod.pid", "mongod.lock", "mongod.used", "mongod.starting",
     "mongod.watching", "mongod.log"}
)  # fmt: skip
"""Names that speak of running processes; in another home they would be wrong."""

SQLITE = b"SQLite format 3\0"
SQLITE_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Backup:
    """What was copied.

    Attributes:
        target: the new home.
        files: how many.
        bytes: their size together.
        vanished: files that were removed while it ran, relative to the home; temporary as a rule.
    """

    target: Path
    files: int
    bytes: int
    vanished: list[str]


def back_up(home: Home, target: Path) -> Backup:
    """Copy a home, whoever is using it; recordings outside of the home are not in it.

    Args:
        home: the home.
        target: a directory that does not exist yet, or is empty, outside of the home's parts.

    Raises:
        UsageError: the target cannot take a home.
        StorageError: a file cannot be read or written, named.
    """
    target = target.expanduser().resolve()
    _check_target(home, target)
    counts = {"files": 0, "bytes": 0}
    vanished: list[str] = []

    def copy(source: Path) -> None:
        name = source.relative_to(home.root)
        try:
            counts["bytes"] += _copy_file(source, target / name)
            counts["files"] += 1
        except FileNotFoundError:
            vanished.append(name.as_posix())
        except (OSError, sqlite3.Error) as error:
            raise StorageError(
                f"{source} could not be copied to {target}: {error}. The copy is not whole; "
                "remove it, make room, and start again."
            ) from error

    for part in RECORDS:
        for source in _files(home.root / part):
            copy(source)
    with _writes_held_back(home):
        for source in _files(home.root / DATABASE):
            copy(source)
    for part in (*PARTS, ".fiftyone"):
        for source in _files(home.root / part, without=home.root / DATABASE):
            copy(source)
    return Backup(target, counts["files"], counts["bytes"], vanished)


def _check_target(home: Home, target: Path) -> None:
    if not home.data.is_dir():
        raise UsageError(f"{home.root} is not a home: it has no data. Set AUDIO_ASSETS_HOME.")
    for part in (*RECORDS, *PARTS, ".fiftyone"):
        if target.is_relative_to(home.root / part):
            raise UsageError(f"{target} lies in the home itself. Name a directory outside of it.")
    if target == home.root or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise UsageError(f"{target} is not empty. Name a directory that does not exist yet.")


def _files(root: Path, without: Path | None = None) -> Iterator[Path]:
    """Files and links below a part of the home, or the part itself."""
    if root.is_symlink() or root.is_file():
        yield root
        return
    for directory, names, files in os.walk(root):
        here = Path(directory)
        names[:] = sorted(n for n in names if n not in OF_A_PROCESS and here / n != without)
        for name in sorted(files) + [n for n in names if (here / n).is_symlink()]:
            if name not in OF_A_PROCESS and not _passing(name):
                yield here / name


def _passing(name: str) -> bool:
    """Whether a file is half of something: being written, or beside an SQLite file."""
    return name.startswith(TEMPORARY) or name.endswith(SQLITE_BESIDE)


def _copy_file(source: Path, target: Path) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return 0
    if _is_sqlite(source):
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=60)) as found,
            closing(sqlite3.connect(target)) as copied,
        ):
            found.backup(copied)
        shutil.copystat(source, target)
    else:
        shutil.copy2(source, target)
    return target.stat().st_size


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(SQLITE)) == SQLITE


@contextmanager
def _writes_held_back(home: Home) -> Iterator[None]:
    """Have the home's mongod, if it runs, write everything down and then wait.

    Raises:
        StorageError: it does not do so.
    """
    from audio_assets.explore.mongod import database_status, user_uri

    status = database_status(home) if (home.root / DATABASE).is_dir() and not user_uri() else None
    if status is None or not status.running:
        yield
        return
    import pymongo
    from pymongo.errors import PyMongoError

    client: pymongo.MongoClient = pymongo.MongoClient(status.uri, serverSelectionTimeoutMS=5000)
    try:
        client.admin.command("fsync", lock=True)
    except PyMongoError as error:
        client.close()
        raise StorageError(f"MongoDB does not hold its writes back: {error}. Try again.") from error
    try:
        yield
    finally:
        client.admin.command("fsyncUnlock")
        client.close()
