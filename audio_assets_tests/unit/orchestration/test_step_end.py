"""Steps end when they are told to, and with their worker, in real processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from audio_assets.orchestration import step_end

PATIENCE_S = 60.0


def step(said: Path, swallowed: int) -> None:
    """What Dagster starts for a step: says its pid, loses interrupts, and says how it was ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored beneath a job of a shell
    step_end.AGAIN_S = step_end.KILL_S = 1.0
    step_end.end_when_told()
    said.with_suffix(".new").write_text(str(os.getpid()))
    said.with_suffix(".new").rename(said)
    for _ in range(swallowed + 1):
        try:
            time.sleep(10 * PATIENCE_S)
        except KeyboardInterrupt:
            continue
    said.with_suffix(".cleaned").touch()


def worker(said: Path, swallowed: int) -> None:
    """A run's worker, which waits for its step."""
    process = multiprocessing.get_context("spawn").Process(target=step, args=(said, swallowed))
    process.start()
    process.join()


def until(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.05)


class Running:
    """A worker and its step, both real processes."""

    def __init__(self, said: Path, swallowed: int) -> None:
        call = f"worker(pathlib.Path({str(said)!r}), {swallowed})"
        code = f"from {__name__} import worker; import pathlib; {call}"
        self.worker = subprocess.Popen([sys.executable, "-c", code])
        until(said)
        self.step = psutil.Process(int(said.read_text()))
        self.cleaned = said.with_suffix(".cleaned")


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    both = Running(tmp_path / "pid", request.param)
    yield both
    both.worker.kill()
    both.worker.wait()
    both.step.wait(PATIENCE_S)


@pytest.mark.parametrize("running", [0, 1], indirect=True, ids=["at once", "the second time"])
def test_a_step_cleans_up_and_ends_with_its_killed_worker(running: Running) -> None:
    time.sleep(1.0)
    assert running.step.is_running(), "its worker lives"

    running.worker.kill()
    running.worker.wait()

    until(running.cleaned)


@pytest.mark.parametrize("running", [0, 1], indirect=True, ids=["at once", "the second time"])
def test_an_interrupt_that_was_swallowed_comes_again(running: Running) -> None:
    running.step.send_signal(signal.SIGINT)

    until(running.cleaned)
    assert running.worker.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("running", [1000], indirect=True)
def test_a_step_that_cannot_be_interrupted_is_killed(running: Running) -> None:
    running.step.send_signal(signal.SIGINT)

    assert running.worker.wait(PATIENCE_S) == 0
    assert not running.cleaned.exists()


@pytest.mark.parametrize("running", [0], indirect=True)
def test_other_signals_end_nothing(running: Running) -> None:
    running.step.send_signal(signal.SIGWINCH)
    running.step.send_signal(signal.SIGCHLD)
    time.sleep(3.0)

    assert running.step.is_running()
    assert not running.cleaned.exists()


def test_a_run_in_the_callers_own_process_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    assert multiprocessing.parent_process() is None
    started: list[object] = []
    monkeypatch.setattr("threading.Thread.start", started.append)

    step_end.end_when_told.__wrapped__()

    assert started == []
