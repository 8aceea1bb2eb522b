"""One mongod process: started detached, recognised again by pid, start time and data directory."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil
import pymongo
from pymongo.errors import PyMongoError

from audio_assets.errors import DatabaseError, StorageError
from audio_assets.explore.mongod_binary import MongodBinary
from audio_assets.storage import read_json, write_json

START_TIMEOUT_S = 90
LOG_BYTES = 5_000_000
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class MongodState:
    """What the state file remembers of the last mongod of a home."""

    pid: int
    port: int
    started: float  # seconds since the epoch; tells a reused pid apart

    @classmethod
    def load(cls, path: Path) -> MongodState | None:
        """Read the state file; None when there is none or it is damaged."""
        try:
            value = read_json(path)
            return cls(int(value["pid"]), int(value["port"]), float(value["started"]))
        except (StorageError, KeyError, TypeError, ValueError):
            return None

    def save(self, path: Path) -> None:
        write_json(path, asdict(self))

    def process(self, dbpath: Path) -> psutil.Process | None:
        """The process, if it still is the one that was started, and on this data directory.

        A copied home brings along the state file of the original's server.
        """
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.5
            return process if same and _holds(process, dbpath) else None
        except psutil.Error:
            return None


def answers(port: int, dbpath: Path, timeout_ms: int = 2000) -> Literal["ours", "foreign", "down"]:
    """Who listens on a loopback port: the mongod of this data directory, something else, nobody."""
    client: pymongo.MongoClient = pymongo.MongoClient(
        LOOPBACK, port, serverSelectionTimeoutMS=timeout_ms, directConnection=True
    )
    try:
        options = client.admin.command("getCmdLineOpts")
        path = options.get("parsed", {}).get("storage", {}).get("dbPath", "")
        return "ours" if path and Path(path).resolve() == dbpath.resolve() else "foreign"
    except PyMongoError as error:
        return "foreign" if getattr(error, "code", None) is not None else "down"
    finally:
        client.close()


def find_running(dbpath: Path) -> MongodState | None:
    """The mongod that holds `dbpath` although no state file says so (it was lost)."""
    try:
        process = psutil.Process(int((dbpath / "mongod.lock").read_text().strip() or 0))
        if not _holds(process, dbpath):
            return None
        arguments = process.cmdline()
        port = int(arguments[arguments.index("--port") + 1])
        return MongodState(process.pid, port, process.create_time())
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _holds(process: psutil.Process, dbpath: Path) -> bool:
    """Whether a live process is a mongod on this data directory."""
    if process.status() == psutil.STATUS_ZOMBIE:
        return False
    arguments = process.cmdline()
    if "--dbpath" not in arguments[:-1]:
        return False
    return Path(arguments[arguments.index("--dbpath") + 1]).resolve() == dbpath.resolve()


def stopped_uncleanly(dbpath: Path) -> bool:
    """Whether the last mongod of `dbpath` was killed: it leaves its pid in the lock file."""
    lock = dbpath / "mongod.lock"
    return lock.is_file() and lock.stat().st_size > 0


def start(binary: MongodBinary, dbpath: Path, log: Path, port: int | None) -> MongodState:
    """Start mongod detached (its own session), on `port` if that is free, else on any other.

    The journal is on, so that `kill -9` loses nothing that was acknowledged long ago; no unix
    socket is made (its path could be too long, and /tmp is shared).

    Raises:
        DatabaseError: when it does not come up; the message has the reason from its log.
    """
    try:
        dbpath.mkdir(parents=True, exist_ok=True, mode=0o700)
        if log.is_file() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
    except OSError as error:
        raise DatabaseError(f"{dbpath} cannot be made: {error.strerror}.") from error
    if port is None or not _becomes_free(port):
        port = _free_port()
    pid_file = log.with_suffix(".pid")
    written = log.stat().st_size if log.is_file() else 0
    command = [
        str(binary.path), "--fork", "--logpath", str(log), "--logappend", "--quiet",
        "--pidfilepath", str(pid_file), "--bind_ip", LOOPBACK, "--port", str(port),
        "--dbpath", str(dbpath.resolve()), "--nounixsocket",
        "--wiredTigerCacheSizeGB", f"{_cache_gb():.2f}",
        "--setParameter", "diagnosticDataCollectionEnabled=false",
    ]  # fmt: skip
    try:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=START_TIMEOUT_S, check=False, cwd=dbpath,
        ).returncode  # fmt: skip
        if code == 0:
            pid = int(pid_file.read_text())
            return MongodState(pid, port, psutil.Process(pid).create_time())
    except (OSError, ValueError, subprocess.SubprocessError, psutil.Error) as error:
        raise DatabaseError(f"mongod did not start: {error}. Its log: {log}.") from error
    raise DatabaseError(_why(code, dbpath, log, written))


def _why(code: int, dbpath: Path, log: Path, offset: int) -> str:
    """The reason of a failed start, from the part of the log that it wrote."""
    text = ""
    if log.is_file():
        with log.open("rb") as stream:
            stream.seek(offset)
            text = stream.read(2_000_000).decode("utf-8", "replace")
    free = shutil.disk_usage(dbpath).free
    if "No space left on device" in text or free < 350_000_000:
        return (
            f"MongoDB cannot start: the disk of {dbpath} is full ({free / 1e6:.0f} MB free; its "
            "journal alone takes 300 MB). Free some space, or set AUDIO_ASSETS_HOME elsewhere."
        )
    if code == 62 or "UPGRADE PROBLEM" in text or "featureCompatibilityVersion" in text:
        return (
            f"{dbpath} was written by another version of MongoDB. Set AUDIO_ASSETS_MONGOD to that "
            "mongod, or move the directory away: the data set is made anew by the next run."
        )
    if "Permission denied" in text or "IllegalOperation: Attempted to create a lock" in text:
        return f"MongoDB may not write {dbpath}. Give yourself the directory, then run again."
    lines = [_message(line) for line in text.splitlines() if '"s":"E"' in line or '"s":"F"' in line]
    reason = "; ".join(lines[:3]) or f"exit status {code}"
    return f"MongoDB did not start in {dbpath}: {reason}. Its log: {log}."


def _message(line: str) -> str:
    try:
        entry = json.loads(line)
        return f"{entry['msg']} {entry.get('attr', {}).get('error', '')}".strip()
    except (ValueError, KeyError, AttributeError):
        return line[:200]


def _cache_gb() -> float:
    """An eighth of the memory, 0.25 to 1 GB (mongod's own default is half of it)."""
    return min(1.0, max(0.25, psutil.virtual_memory().total / 8e9))


def _becomes_free(port: int, seconds: float = 5.0) -> bool:
    """Whether a port is free, waiting for a killed server whose last threads still hold it."""
    deadline = time.monotonic() + seconds
    while not _is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    """Below the range of outgoing connections, which could take the port while mongod is down."""
    candidates = random.SystemRandom().sample(range(20_000, 32_000), 50)
    port = next((p for p in candidates if _is_free(p)), None)
    if port is None:
        raise DatabaseError(f"No port of {LOOPBACK} from 20000 to 32000 is free for MongoDB.")
    return port
