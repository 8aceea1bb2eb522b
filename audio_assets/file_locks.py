"""Locks between processes that do not keep the threads of one process waiting for nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from audio_assets.errors import BusyError

LOCK_SECONDS = 30.0

_threads: dict[Path, threading.Lock] = {}
_registering = threading.Lock()


@contextmanager
def locked(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold a lock file.

    A lock of files is asked for again and again, 20 times a second; a lock of threads is handed on
    at once. So the threads of a process queue for the latter, and one of them for the former.

    Args:
        path: of the lock file; its directory is made.
        timeout_s: how long to wait, for threads and processes together.

    Raises:
        BusyError: others have held it for so long.
    """
    with _registering:
        mine = _threads.setdefault(path, threading.Lock())
    deadline = time.monotonic() + timeout_s
    busy = f"{path.name} has been held by others for {timeout_s:g} s; try again."
    if not mine.acquire(timeout=timeout_s):
        raise BusyError(busy)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            held = FileLock(path).acquire(timeout=max(0.0, deadline - time.monotonic()))
        except Timeout as error:
            raise BusyError(busy) from error
        with held:
            yield
    finally:
        mine.release()
