"""One writer per folder: an operating-system lock that every asset body takes, whoever launched it.

In-process runs bypass Dagster's run queue, so its tag limits cannot keep two of them apart. The
lock belongs to the process and is freed by the kernel when that process dies, however it dies.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout

from audio_assets import progress
from audio_assets.errors import StorageError
from audio_assets.home import Home

log = logging.getLogger(__name__)


@contextmanager
def exclusive(home: Home, kind: str, key: str) -> Iterator[None]:
    """Hold the lock of one folder or checkpoint; wait for it, saying so, when another holds it.

    Re-entrant within a thread: the runner holds a folder for the whole run and the asset bodies
    that it executes take the same lock again.

    Args:
        home: where the lock files lie.
        kind: "folder" or "checkpoint".
        key: its key.

    Raises:
        StorageError: when the lock file cannot be created.
    """
    path = home.locks / f"{kind}-{key}.lock"
    owner = path.with_suffix(".owner")
    try:
        home.locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, is_singleton=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _say_waiting(kind, key, _read(owner))
            lock.acquire()
    except OSError as error:
        raise StorageError(
            f"{path} cannot be locked: {error.strerror or error}. "
            "The home must be a writable directory on a file system that supports locks."
        ) from error
    try:
        with suppress(OSError):
            owner.write_text(f"process {os.getpid()} on {socket.gethostname()}")
        yield
    finally:
        lock.release()


def _read(owner: os.PathLike[str]) -> str:
    try:
        with open(owner) as stream:  # noqa: PTH123
            return stream.read() or "another process"
    except OSError:
        return "another process"


def _say_waiting(kind: str, key: str, owner: str) -> None:
    message = f"The {kind} {key} is in use by {owner}; waiting until that is finished."
    log.info(message)
    if not progress.quiet.get():
        print(message, file=progress.stream.get() or sys.stderr, flush=True)
