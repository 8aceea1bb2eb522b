"""Which operating-system process executes a run, and whether that process is still alive.

A run is tagged with its host and processes; a process is named by its pid and start time, since
pids are used again.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import psutil

HOST_TAG = "audio_assets/host"
PID_TAG = "audio_assets/pid"
_TOLERANCE_S = 5.0  # start times come from the boot time, which follows corrections of the clock


def process_tags(*, with_parent: bool = False) -> dict[str, str]:
    """Tags that name this process.

    Args:
        with_parent: name the parent process too: a step of a run that the daemon launched lives
            in a child of the run's worker, and ends before the run does.
    """
    pids = [os.getpid(), os.getppid()] if with_parent else [os.getpid()]
    return {HOST_TAG: socket.gethostname(), PID_TAG: " ".join(map(_name, pids))}


def provably_dead(tags: Mapping[str, str]) -> bool:
    """Whether every process that a run is tagged with ran on this host and has ended."""
    names = tags.get(PID_TAG, "").split()
    if not names or tags.get(HOST_TAG) != socket.gethostname():
        return False
    return not any(_alive(name) for name in names)


def _name(pid: int) -> str:
    try:
        return f"{pid}@{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return f"{pid}@0"


def _alive(name: str) -> bool:
    pid, _, started = name.partition("@")
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - float(started or 0)) <= _TOLERANCE_S
    except (psutil.NoSuchProcess, ValueError):
        return False
    except psutil.Error:
        return True  # it exists but cannot be looked at: not provably dead
