"""One supervised process, in a process group of its own with all that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import psutil

from audio_assets.errors import StorageError
from audio_assets.serving.services import Service, full_environment

LOG_BYTES = 20 << 20


class ServiceProcess:
    """A service and its current process; a new one each time it is started.

    Args:
        service: what to start.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: set[int] = set()
        self.deaths: list[float] = []

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start a process; what it writes is appended to its log.

        Raises:
            StorageError: its log cannot be written.
        """
        with _log(self.service.log) as stream:
            self._process = subprocess.Popen(
                self.service.command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=full_environment(self.service),
                start_new_session=True,  # Ctrl-C reaches the supervisor alone
            )
        self._groups.add(self._process.pid)

    def ended(self) -> int | None:
        """Exit status of a process that has ended, None while it runs; below 0, the signal."""
        return self._process.poll() if self._process else None

    def stop(self, patience_s: float) -> None:
        """Ask the process to end, then end it with all that it started, workers of runs included.

        Args:
            patience_s: time it has to end by itself.
        """
        if self._process is not None and self._process.poll() is None:
            _signal_group(self._process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
        end_groups(self._groups, 0 if self._process is None else 2.0)
        if self._process is not None:
            self._process.wait()


def end_groups(groups: set[int], patience_s: float) -> None:
    """End what is left of process groups: a signal, patience, then kill."""
    deadline = time.monotonic() + patience_s
    for group in groups:
        _signal_group(group, signal.SIGTERM)
    while time.monotonic() < deadline and any(group_alive(group) for group in groups):
        time.sleep(0.05)
    for group in groups:
        _signal_group(group, signal.SIGKILL)


def group_alive(group: int) -> bool:
    """Whether a process group has a process that is no zombie."""
    for process in psutil.process_iter(["status"]):
        with suppress(OSError, psutil.Error):
            if process.info["status"] != psutil.STATUS_ZOMBIE and os.getpgid(process.pid) == group:
                return True
    return False


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _log(path: Path) -> BinaryIO:
    """Open a log to append to; one that has grown large makes room first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from error
