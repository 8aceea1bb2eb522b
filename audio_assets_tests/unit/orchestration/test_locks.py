"""One writer per folder, across processes, and freed by the kernel when a process dies."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from audio_assets.home import Home
from audio_assets.orchestration.locks import exclusive

HOLDER = """
    import sys, time
    from pathlib import Path
    from audio_assets.home import Home
    from audio_assets.orchestration.locks import exclusive
    with exclusive(Home(Path(sys.argv[1])), "folder", sys.argv[2]):
        print("held", flush=True)
        time.sleep(60)
"""


@contextmanager
def held_elsewhere(home: Home, key: str) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(home.root), key],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()


def test_another_process_waits_and_says_for_whom(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with held_elsewhere(home, "reef") as process:
        threading.Timer(0.5, process.kill).start()
        started = time.monotonic()
        with exclusive(home, "folder", "reef"):
            waited = time.monotonic() - started
    assert waited > 0.3
    assert f"folder reef is in use by process {process.pid}" in capsys.readouterr().err


def test_a_killed_holder_frees_the_lock(home: Home) -> None:
    with held_elsewhere(home, "reef") as process:
        process.kill()
        process.wait()
        with exclusive(home, "folder", "reef"):
            pass


def test_another_folder_does_not_wait(home: Home) -> None:
    with held_elsewhere(home, "reef"), exclusive(home, "folder", "wood"):
        pass


def test_the_runner_and_the_asset_bodies_take_it_one_inside_the_other(home: Home) -> None:
    with exclusive(home, "folder", "reef"), exclusive(home, "folder", "reef"):
        pass


def test_another_thread_of_the_same_process_waits(home: Home) -> None:
    order: list[str] = []

    def second() -> None:
        with exclusive(home, "folder", "reef"):
            order.append("second")

    with exclusive(home, "folder", "reef"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]
