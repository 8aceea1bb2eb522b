"""Runs in processes of their own: followed by whoever asks, ended with a reason."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from audio_assets.errors import NotFoundError
from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import Home
from audio_assets.jobs.child_run import (
    ChildRun,
    child_run,
    child_runs,
    child_state,
    start_child,
)
from audio_assets.jobs.starting import run_states
from audio_assets.recordings.windows import WindowGrid
from audio_assets.settings import Settings
from audio_assets.storage import write_json

GONE = 2**22 + 1
"""No process has this number: it is above the kernel's limit."""


def stored(home: Home, run_id: str, pid: int, *, log: str = "", out: str = "") -> ChildRun:
    """A run as another process would have started it."""
    created = psutil.Process(pid).create_time() if pid != GONE else 0.0
    run = ChildRun(run_id, "yard", "fake", "Ana", f"2026-01-01T00:00:0{run_id[0]}", pid, created)
    directory = home.data / "runs" / run_id
    write_json(directory / "run.json", asdict(run))
    (directory / "log").write_text(log)
    (directory / "out").write_text(out)
    return run


@pytest.fixture
def folder(tmp_path: Path) -> AudioFolder:
    home = Home(tmp_path / "home").ensure()
    (tmp_path / "yard").mkdir()
    grid = WindowGrid(policy="clip", window_s=1.0, hop_s=1.0)
    return FolderRegistry(home).register(tmp_path / "yard", grid=grid)


def test_a_live_run_shows_the_last_line_of_its_log(tmp_path):
    home = Home(tmp_path).ensure()
    run = stored(home, "1", os.getpid(), log="recordings: 3/3 files\nembeddings: 1/3 windows\n")
    state = child_state(home, run)
    assert (state.state, state.line) == ("running", "embeddings: 1/3 windows")


def test_a_run_that_ended_says_what_it_did_or_why_it_failed(tmp_path):
    home = Home(tmp_path).ensure()
    report = json.dumps({"windows": 3, "encoded": 2, "failed": [{"path": "a", "reason": "empty"}]})
    stored(home, "1", GONE, out=f"{report}\n")
    stored(home, "2", GONE, log="decode: 1/3\naudio-assets: the disk is full.\n")
    stored(home, "3", GONE, log="decode: 1/3\n")
    killed, failed, finished = run_states(home, Settings(home=tmp_path))
    assert (finished.state, finished.stage) == ("finished", "3 windows, 2 of them new")
    assert finished.failed == [{"path": "a", "reason": "empty"}]
    assert (failed.state, failed.error) == ("failed", "the disk is full.")
    assert killed.error is not None
    assert "ended without a word" in killed.error
    assert "decode: 1/3" in killed.error


def test_another_process_with_the_same_number_is_not_the_run(tmp_path):
    home = Home(tmp_path).ensure()
    run = stored(home, "1", os.getpid())
    reused = ChildRun(**{**asdict(run), "created": run.created - 1000})
    assert child_state(home, reused).state == "failed"


def test_the_same_run_is_not_started_twice(folder, tmp_path):
    home = Home(tmp_path / "home")
    there = stored(home, "1", os.getpid())
    assert start_child(home, folder, "fake", "Bob") == there
    assert len(child_runs(home)) == 1


def test_a_damaged_record_is_passed_over_and_an_unknown_run_is_said(tmp_path):
    home = Home(tmp_path).ensure()
    stored(home, "1", GONE)
    (home.data / "runs" / "2").mkdir()
    (home.data / "runs" / "2" / "run.json").write_text("{")
    assert [run.run_id for run in child_runs(home)] == ["1"]
    with pytest.raises(NotFoundError):
        child_run(home, "2")


def test_a_real_process_is_started_and_its_refusal_is_the_reason(folder, tmp_path):
    home = Home(tmp_path / "home")
    run = start_child(home, folder, "no-such-checkpoint", "Ana")
    deadline = time.monotonic() + 240
    while child_state(home, run).state == "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    state = child_state(home, run)
    assert state.state == "failed"
    assert state.error is not None
    assert "no-such-checkpoint" in state.error
