"""Which processes a supervisor started: so that the next one can end what a killed one left."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from audio_assets.errors import StorageError
from audio_assets.home import Home
from audio_assets.serving.process import end_groups
from audio_assets.storage import read_json, write_json

_TOLERANCE_S = 5.0


def processes_file(home: Home) -> Path:
    """Where the processes of a served home are noted."""
    return home.data / "serve" / "processes.json"


def note(home: Home, pids: dict[str, int]) -> None:
    """Write down the processes by service; a pid alone may be another process tomorrow."""
    found: dict[str, Any] = {}
    for name, pid in pids.items():
        with suppress(psutil.Error):
            found[name] = {"pid": pid, "started": psutil.Process(pid).create_time()}
    write_json(processes_file(home), found)


def end_leftovers(home: Home) -> list[str]:
    """End the services that a killed supervisor left running, workers of runs included.

    Returns:
        Names of the services that were still there.
    """
    try:
        noted = read_json(processes_file(home))
    except StorageError:
        return []
    groups = {name: entry["pid"] for name, entry in noted.items() if _is_it(entry)}
    end_groups(set(groups.values()), 5.0)
    forget(home)
    return sorted(groups)


def forget(home: Home) -> None:
    """Nothing runs any more."""
    processes_file(home).unlink(missing_ok=True)


def _is_it(entry: dict[str, Any]) -> bool:
    """Whether the process is the noted one, and still leads its group."""
    try:
        process = psutil.Process(entry["pid"])
        same = abs(process.create_time() - entry["started"]) <= _TOLERANCE_S
        return same and os.getpgid(entry["pid"]) == entry["pid"]
    except (psutil.Error, OSError):
        return False
