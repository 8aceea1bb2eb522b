"""A disk that refuses is said to be one, not taken for a fault of the program."""

import errno
import sqlite3

import pytest
import sqlalchemy.exc as sa

from audio_assets.errors import StorageError, UsageError
from audio_assets.home import Home
from audio_assets.orchestration.execution import readable
from audio_assets.orchestration.record_errors import disk_trouble, readable_records


def wrapped(cause: BaseException) -> BaseException:
    try:
        raise sa.OperationalError("PRAGMA", None, Exception("driver")) from cause
    except sa.OperationalError as error:
        return error


@pytest.mark.parametrize(
    "cause",
    [sqlite3.OperationalError("database or disk is full"), OSError(errno.ENOSPC, "no space left")],
)
def test_a_full_disk_is_named(cause, tmp_path):
    said = readable(wrapped(cause), "embeddings of x")
    assert isinstance(said, StorageError)
    assert "Check free space" in str(said)
    assert "fault of the program" not in str(said)
    with pytest.raises(StorageError, match=r"full|no space"), readable_records(Home(tmp_path)):
        raise wrapped(cause)


def test_other_errors_are_left_alone(tmp_path):
    assert disk_trouble(OSError(errno.ENOENT, "no such file")) is None
    assert "fault of the program" in str(readable(ValueError("x"), "embeddings of x"))
    with pytest.raises(UsageError), readable_records(Home(tmp_path)):
        raise UsageError("no")
