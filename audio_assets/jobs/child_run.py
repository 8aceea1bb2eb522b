"""A run of one folder in a process of its own, for homes without Dagster's daemon.

It outlives the process that started it; what it does is read from its log, so that any process of
the home can follow it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from audio_assets.errors import NotFoundError, StorageError
from audio_assets.folders import AudioFolder
from audio_assets.home import Home
from audio_assets.storage import read_json, write_json

KEPT = 50
"""Finished runs whose logs are kept."""

TAIL_BYTES = 8192
SERVERS_OWN = ("FIFTYONE_SERVER",)
"""Variables of the App's server that must not reach a run."""


@dataclass(frozen=True)
class ChildRun:
    """A run as it was started.

    Attributes:
        run_id: 32 hex digits.
        folder: key of the folder.
        checkpoint: name of the checkpoint.
        by: who started it.
        started: ISO 8601 in UTC.
        pid: of its process; created: when that process began, seconds since 1970.
    """

    run_id: str
    folder: str
    checkpoint: str
    by: str
    started: str
    pid: int
    created: float


@dataclass(frozen=True)
class ChildState:
    """What became of it so far.

    Attributes:
        state: "running", "finished" or "failed".
        line: the last line of its log, for people.
        error: why it failed, in a sentence.
        result: what `audio-assets run --json` printed.
    """

    state: str
    line: str
    error: str | None
    result: dict[str, Any] | None


def start_child(home: Home, folder: AudioFolder, checkpoint: str, by: str) -> ChildRun:
    """Start a run, unless the same one is under way.

    Raises:
        StorageError: its log cannot be written.
    """
    home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(home.locks / "child-runs.lock", timeout=30):
        for run in child_runs(home):
            same = (run.folder, run.checkpoint) == (folder.key, checkpoint)
            if same and _alive(run):
                return run
        _forget_old(home)
        return _start(home, folder, checkpoint, by)


def child_runs(home: Home) -> list[ChildRun]:
    """All runs that are remembered, newest first."""
    found = []
    for path in _base(home).glob("*/run.json"):
        with suppress(StorageError, TypeError):
            found.append(ChildRun(**read_json(path)))
    return sorted(found, key=lambda run: (run.started, run.run_id), reverse=True)


def child_run(home: Home, run_id: str) -> ChildRun:
    """The run of an id.

    Raises:
        NotFoundError: there is none (any more).
    """
    for run in child_runs(home):
        if run.run_id == run_id:
            return run
    raise NotFoundError(f"There is no run {run_id!r}.")


def child_state(home: Home, run: ChildRun) -> ChildState:
    """How far a run is, or how it ended."""
    directory = _base(home) / run.run_id
    alive = _alive(run)  # before the files are read, or the end could fall between
    lines = list(_last_lines(directory / "log"))
    line = lines[-1] if lines else ""
    if alive:
        return ChildState("running", line, None, None)
    result = _result(directory / "out")
    if result is not None:
        return ChildState("finished", line, None, result)
    return ChildState("failed", line, _reason(lines), None)


def _start(home: Home, folder: AudioFolder, checkpoint: str, by: str) -> ChildRun:
    run_id = uuid.uuid4().hex
    directory = _base(home) / run_id
    command = [
        sys.executable, "-m", "audio_assets.cli", "run", str(folder.root), "--name", folder.key,
        "--checkpoint", checkpoint, "--json",
    ]  # fmt: skip
    own = {key: value for key, value in os.environ.items() if key not in SERVERS_OWN}
    own |= {"AUDIO_ASSETS_HOME": str(home.root), "PYTHONUNBUFFERED": "1"}
    try:
        directory.mkdir(parents=True)
        with (directory / "out").open("wb") as out, (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=own,
                start_new_session=True,  # closing the App does not stop it
            )  # fmt: skip
    except OSError as error:
        raise StorageError(f"A run could not be started: {error.strerror or error}.") from error
    created = 0.0
    with suppress(psutil.Error):
        created = psutil.Process(process.pid).create_time()
    started = datetime.now(UTC).isoformat()
    run = ChildRun(run_id, folder.key, checkpoint, by, started, process.pid, created)
    write_json(directory / "run.json", asdict(run))
    return run


def _alive(run: ChildRun) -> bool:
    try:
        process = psutil.Process(run.pid)
        same = abs(process.create_time() - run.created) < 1
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _result(path: Path) -> dict[str, Any] | None:
    try:
        last = path.read_text("utf-8").strip().splitlines()[-1]
        found = json.loads(last)
    except (OSError, ValueError, IndexError):
        return None
    return found if isinstance(found, dict) else None


def _reason(lines: list[str]) -> str:
    said = next((line for line in reversed(lines) if line.startswith("audio-assets: ")), None)
    if said:
        return said.removeprefix("audio-assets: ")
    last = f" The last it said: {lines[-1][:200]}" if lines else ""
    return f"The run ended without a word; it may have been killed for want of memory.{last}"


def _last_lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return
    yield from (line.strip() for line in text.splitlines() if line.strip())


def _forget_old(home: Home) -> None:
    import shutil

    ended = [run for run in child_runs(home) if not _alive(run)]
    for run in ended[KEPT:]:
        shutil.rmtree(_base(home) / run.run_id, ignore_errors=True)


def _base(home: Home) -> Path:
    return home.data / "runs"
