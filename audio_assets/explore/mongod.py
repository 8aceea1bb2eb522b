"""The MongoDB behind FiftyOne: one supervised mongod per home, unless the user names a server."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pymongo
from filelock import FileLock, Timeout
from pymongo.errors import PyMongoError

from audio_assets.errors import DatabaseError
from audio_assets.explore.mongod_binary import find_mongod
from audio_assets.explore.mongod_process import (
    LOOPBACK,
    MongodState,
    answers,
    find_running,
    start,
    stopped_uncleanly,
)
from audio_assets.explore.mongod_repair import repair_counts
from audio_assets.explore.mongod_use import ensure_watchdog, note_use, used_recently
from audio_assets.home import Home

USER_VARIABLE = "FIFTYONE_DATABASE_URI"
OWN_VARIABLE = "AUDIO_ASSETS_DATABASE_URI"
"""Holds the URI that this package put into `FIFTYONE_DATABASE_URI`, so that a child process that
inherits both does not take it for the user's."""

LOCK_TIMEOUT_S = 120


@dataclass(frozen=True)
class DatabaseStatus:
    """What `doctor` shows: whether FiftyOne's database can be used, and what to do if not."""

    usable: bool
    running: bool
    text: str
    remedy: str = ""
    uri: str | None = None
    pid: int | None = None


def user_uri() -> str | None:
    """The URI of a server that the user chose; it always wins over one of ours."""
    uri = os.environ.get(USER_VARIABLE)
    return uri if uri and uri != os.environ.get(OWN_VARIABLE) else None


def ensure_database(home: Home) -> str:
    """Make sure that the database of `home` answers, starting or restarting mongod if need be.

    Returns:
        The URI for `FIFTYONE_DATABASE_URI`.

    Raises:
        DatabaseError: within seconds, when it cannot be reached or started.
    """
    chosen = user_uri()
    if chosen is not None:
        check_reachable(chosen)
        return chosen
    state = MongodState.load(_state_file(home))
    if state and state.process(_dbpath(home)) and used_recently(home):
        note_use(home)
        if answers(state.port, _dbpath(home)) == "ours":
            return _uri(state.port)
    with locked(home):
        note_use(home)
        state = _start_or_adopt(home)
        ensure_watchdog(home)
        return _uri(state.port)


def check_reachable(uri: str, timeout_ms: int = 2000) -> None:
    """Ping a server.

    Raises:
        DatabaseError: when it does not answer within `timeout_ms` or the URI is malformed.
    """
    try:
        client: pymongo.MongoClient = pymongo.MongoClient(uri, serverSelectionTimeoutMS=timeout_ms)
        try:
            client.admin.command("ping")
        finally:
            client.close()
    except (PyMongoError, ValueError) as error:
        raise DatabaseError(
            f"MongoDB at {USER_VARIABLE}={_masked(uri)} does not answer: {_first(error)}. Start "
            f"that server, correct the address, or unset {USER_VARIABLE} to use the home's own."
        ) from error


def stop_database(home: Home) -> bool:
    """Stop the home's mongod cleanly (never a server that the user chose).

    Returns:
        Whether one was running.

    Raises:
        DatabaseError: when it does not stop.
    """
    if not home.fiftyone.is_dir():
        return False
    with locked(home):
        state = running(home)
        if state is not None:
            shut_down(home, state)
        return state is not None


def shut_down(home: Home, state: MongodState) -> None:
    """Stop the home's mongod cleanly; under its lock.

    Raises:
        DatabaseError: when it does not stop.
    """
    process = state.process(_dbpath(home))
    if process is None:
        return
    if answers(state.port, _dbpath(home)) == "ours":
        client: pymongo.MongoClient = pymongo.MongoClient(
            LOOPBACK, state.port, serverSelectionTimeoutMS=2000, directConnection=True
        )
        with suppress(PyMongoError):  # the server closes the connection instead of answering
            client.admin.command("shutdown", timeoutSecs=5, force=True)
        client.close()
    else:
        process.terminate()
    if not _gone(state, _dbpath(home), 20):
        raise DatabaseError(f"mongod (pid {state.pid}) of {home.root} does not stop.")


def database_status(home: Home) -> DatabaseStatus:
    """Whether the database can be used; starts nothing."""
    chosen = user_uri()
    if chosen is not None:
        try:
            check_reachable(chosen)
        except DatabaseError as error:
            return DatabaseStatus(False, False, str(error), f"Unset {USER_VARIABLE}.", chosen)
        text = f"{_masked(chosen)} answers ({USER_VARIABLE})"
        return DatabaseStatus(True, True, text, "", chosen)
    state = running(home)
    if state and answers(state.port, _dbpath(home)) == "ours":
        text = f"runs on {LOOPBACK}:{state.port}, pid {state.pid}"
        return DatabaseStatus(True, True, text, "", _uri(state.port), state.pid)
    try:
        binary = find_mongod()
    except DatabaseError as error:
        return DatabaseStatus(False, False, "no mongod runs here", str(error))
    return DatabaseStatus(True, False, f"{binary.version} at {binary.path}, started when needed")


def _start_or_adopt(home: Home) -> MongodState:
    """Under the lock: the running mongod, or a new one on the port of the last."""
    file, dbpath = _state_file(home), _dbpath(home)
    last = MongodState.load(file)
    found = running(home)
    if found is not None:
        for _ in range(10):  # it may be busy with recovery
            if answers(found.port, dbpath) == "ours":
                found.save(file)
                return found
            if found.process(dbpath) is None:
                break
        else:
            raise DatabaseError(
                f"mongod (pid {found.pid}) of {home.root} runs but does not answer. "
                f"Stop it with `kill {found.pid}`, then run again."
            )
    unclean = stopped_uncleanly(dbpath)
    state = start(find_mongod(), dbpath, home.fiftyone / "mongod.log", last.port if last else None)
    state.save(file)
    if unclean:
        repair_counts(_uri(state.port))
    return state


def running(home: Home) -> MongodState | None:
    """The home's mongod, if it runs; found also where its state file was lost."""
    state = MongodState.load(_state_file(home))
    if state is not None and state.process(_dbpath(home)) is not None:
        return state
    return find_running(_dbpath(home))


def _gone(state: MongodState, dbpath: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if state.process(dbpath) is None:
            return True
        time.sleep(0.05)
    return False


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the lock under which the home's mongod is started and stopped.

    Raises:
        DatabaseError: another process holds it for long, or the directory cannot be made.
    """
    try:
        home.fiftyone.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"{home.fiftyone} cannot be made: {error.strerror}.") from error
    try:
        with FileLock(home.fiftyone / "mongod.starting", timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise DatabaseError(
            f"Another process has been starting the database of {home.root} for "
            f"{LOCK_TIMEOUT_S} s. See {home.fiftyone / 'mongod.log'}."
        ) from error


def _state_file(home: Home) -> Path:
    return home.fiftyone / "mongod.json"


def _dbpath(home: Home) -> Path:
    return home.fiftyone / "db"


def _uri(port: int) -> str:
    # 5 s: long enough for another client to restart a killed server, short enough to be told
    return f"mongodb://{LOOPBACK}:{port}/?serverSelectionTimeoutMS=5000"


def _masked(uri: str) -> str:
    return re.sub(r"//[^@/]*@", "//…@", uri)


def _first(error: Exception) -> str:
    text = str(error).split(", Timeout:", maxsplit=1)[0]
    return _masked(text.split(" (configured", maxsplit=1)[0])
