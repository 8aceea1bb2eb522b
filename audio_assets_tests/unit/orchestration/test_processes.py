"""Steps of a killed worker end, in real processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from audio_assets.orchestration.processes import end_with_worker

PATIENCE_S = 60.0


def step(said: Path) -> None:
    """What Dagster starts for a step: says its pid, and how it was ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored beneath a job of a shell
    end_with_worker()
    said.with_suffix(".new").write_text(str(os.getpid()))
    said.with_suffix(".new").rename(said)
    try:
        time.sleep(10 * PATIENCE_S)
    except KeyboardInterrupt:
        said.with_suffix(".cleaned").touch()


def worker(said: Path) -> None:
    """A run's worker, which waits for its step."""
    process = multiprocessing.get_context("spawn").Process(target=step, args=(said,))
    process.start()
    process.join()


def until(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.05)


def test_a_step_cleans_up_and_ends_with_its_killed_worker(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    code = f"from {__name__} import worker; import pathlib; worker(pathlib.Path({str(said)!r}))"
    killed = subprocess.Popen([sys.executable, "-c", code])
    until(said)
    running = psutil.Process(int(said.read_text()))
    time.sleep(1.0)
    assert not said.with_suffix(".cleaned").exists(), "its worker lives"

    killed.kill()
    killed.wait()

    until(said.with_suffix(".cleaned"))
    running.wait(PATIENCE_S)


def test_a_run_in_the_callers_own_process_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    assert multiprocessing.parent_process() is None
    started: list[object] = []
    monkeypatch.setattr("threading.Thread.start", started.append)

    end_with_worker.__wrapped__()

    assert started == []
