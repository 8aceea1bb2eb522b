"""A mongod that nobody uses is stopped cleanly; one that is in use never is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pymongo
import pytest
from filelock import Timeout

from audio_assets.explore.mongod import (
    database_status,
    ensure_database,
    running,
    stop_database,
)
from audio_assets.explore.mongod_use import idle_seconds, watching
from audio_assets.home import Home

IDLE_MINUTES = "0.03"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)
    monkeypatch.delenv("AUDIO_ASSETS_DATABASE_URI", raising=False)
    monkeypatch.setenv("AUDIO_ASSETS_MONGOD_IDLE_MINUTES", IDLE_MINUTES)
    home = Home(tmp_path)
    yield home
    stop_database(home)


def until(condition: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def is_watched(home: Home) -> bool:
    try:
        with watching(home):
            return False
    except Timeout:
        return True


def test_it_stops_when_the_last_client_has_gone_and_comes_back_with_its_data(home: Home) -> None:
    uri = ensure_database(home)
    client: pymongo.MongoClient = pymongo.MongoClient(uri)
    client["fiftyone"]["samples"].insert_one({"n": 1})
    assert until(lambda: is_watched(home))
    time.sleep(3 * idle_seconds())
    assert database_status(home).running, "a client was connected all the time"
    client.close()
    assert until(lambda: running(home) is None)
    assert (home.fiftyone / "db" / "mongod.lock").stat().st_size == 0, "a clean stop"
    assert until(lambda: not is_watched(home)), "its watchdog goes with it"
    assert ensure_database(home) == uri, "the same port, so that open pages find it again"
    again: pymongo.MongoClient = pymongo.MongoClient(uri)
    assert again["fiftyone"]["samples"].count_documents({}) == 1
    again.close()


def test_asking_for_it_counts_as_use_also_without_a_connection(home: Home) -> None:
    ensure_database(home)
    pid = database_status(home).pid
    end = time.monotonic() + 3 * idle_seconds()
    while time.monotonic() < end:
        ensure_database(home)
        time.sleep(0.05)
    assert database_status(home).pid == pid, "it was not even restarted"


def test_zero_means_never(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIO_ASSETS_MONGOD_IDLE_MINUTES", "0")
    ensure_database(home)
    time.sleep(1)
    assert not is_watched(home)
    assert database_status(home).running
