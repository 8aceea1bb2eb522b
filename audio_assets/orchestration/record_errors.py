"""What a full, failing or read-only disk does to Dagster's records, said in a sentence."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from audio_assets.errors import StorageError
from audio_assets.home import Home

OF_A_FILE = {sqlite3.OperationalError, sqlite3.DatabaseError}  # the latter: a damaged file
OF_A_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


def disk_trouble(error: BaseException) -> str | None:
    """What the disk refused, in the system's words, if that is at the root of an error."""
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if (isinstance(cause, sqlite3.DatabaseError) and type(cause) in OF_A_FILE) or (
            isinstance(cause, OSError) and cause.errno in OF_A_DISK
        ):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    return None


def records_refused(home: str, what: str) -> StorageError:
    """The error for people when the records in `home` cannot be read or written."""
    return StorageError(
        f"Dagster's records in {home} could not be used: {what}. "
        f"{DAMAGED if 'not a database' in what or 'malformed' in what else CHECK}"
    )


CHECK = "Check free space and permissions, then run again; finished work is kept."
DAMAGED = "A file of `history` or `schedules` there is damaged: restore it from a backup."


@contextmanager
def readable_records(home: Home) -> Iterator[None]:
    """Turn what a disk does to the records into a StorageError.

    Raises:
        StorageError: the disk is full, failing or read-only.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, StorageError) or (what := disk_trouble(error)) is None:
            raise
        raise records_refused(str(home.root), what) from error
