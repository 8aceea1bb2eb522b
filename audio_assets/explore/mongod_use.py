"""Whether a home's mongod is used: when a client last asked for it, and who is connected now."""

from __future__ import annotations

import subprocess
import sys
import time

import pymongo
from filelock import FileLock, Timeout

from audio_assets.explore.mongod_process import LOOPBACK
from audio_assets.home import Home
from audio_assets.settings import load_settings

APP_NAME = "audio-assets-watchdog"
RECENT_S = 60.0
_watchdogs: list[subprocess.Popen[bytes]] = []
"""Kept so that a watchdog that ended is waited for; it outlives this process."""


def note_use(home: Home) -> None:
    """Note that a client asked for the database just now.

    Without the lock of the home only when the last use was recent; see `used_recently`.
    """
    (home.fiftyone / "mongod.used").touch()


def seconds_unused(home: Home) -> float:
    """Seconds since a client last asked for the database, or was seen connected to it."""
    try:
        return time.time() - (home.fiftyone / "mongod.used").stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def used_recently(home: Home) -> bool:
    """Whether the last use is too recent for the watchdog to be stopping the server now.

    Only then may a client do without the lock under which the watchdog stops it.
    """
    idle = idle_seconds()
    return not idle or 0 <= seconds_unused(home) < min(RECENT_S, idle / 2)


def idle_seconds() -> float:
    """How long nobody may use the database before it is stopped; 0 where it never is."""
    return 60 * load_settings().mongod_idle_minutes


def other_clients(port: int) -> int:
    """Connections of clients other than the watchdog, idle ones included."""
    client: pymongo.MongoClient = pymongo.MongoClient(
        LOOPBACK, port, serverSelectionTimeoutMS=2000, directConnection=True, appname=APP_NAME
    )
    everything = {"$currentOp": {"allUsers": True, "idleConnections": True}}
    try:
        with client.admin.aggregate([everything]) as operations:
            return sum(o.get("appName") != APP_NAME for o in operations if o.get("client"))
    finally:
        client.close()


def watching(home: Home) -> FileLock:
    """The lock that the one watchdog of a home holds while it lives."""
    return FileLock(home.fiftyone / "mongod.watching", timeout=0)


def ensure_watchdog(home: Home) -> None:
    """Start the watchdog unless one runs or the settings say that the server never stops.

    It is a process of its own: the server outlives the command that started it.
    """
    idle = idle_seconds()
    _watchdogs[:] = [process for process in _watchdogs if process.poll() is None]
    if not idle:
        return
    try:
        with watching(home):
            pass
    except Timeout:
        return
    command = [sys.executable, "-m", "audio_assets.explore.mongod_idle", str(home.root), str(idle)]
    _watchdogs.append(
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, cwd=home.fiftyone,
        )
    )  # fmt: skip
