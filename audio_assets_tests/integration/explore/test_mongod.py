"""A real mongod: started, shared, killed, restarted, kept apart from that of another home."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest

from audio_assets.errors import DatabaseError
from audio_assets.explore.environment import configure_fiftyone
from audio_assets.explore.mongod import database_status, ensure_database, stop_database
from audio_assets.home import Home

DOCUMENTS = 3000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("mongod"))
    yield home
    stop_database(home)


@pytest.fixture(autouse=True)
def _no_server_of_the_user(monkeypatch):
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)
    monkeypatch.delenv("AUDIO_ASSETS_DATABASE_URI", raising=False)


def kill(home: Home) -> None:
    pid = database_status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while database_status(home).running and time.monotonic() < deadline:
        time.sleep(0.05)


def test_it_survives_the_process_that_started_it_and_is_shared(home: Home):
    code = (
        "from pathlib import Path; from audio_assets.home import Home;"
        "from audio_assets.explore.mongod import ensure_database;"
        f"print(ensure_database(Home(Path({str(home.root)!r}))))"
    )
    repository = Path(__file__).resolve().parents[3]
    uri = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=repository
    ).stdout.strip()
    assert ensure_database(home) == uri
    status = database_status(home)
    assert status.running
    assert status.uri == uri
    assert "127.0.0.1" in uri


def test_after_kill_9_it_is_back_on_its_port_with_right_counts(home: Home):
    uri = ensure_database(home)
    client: pymongo.MongoClient = pymongo.MongoClient(uri)
    samples = client["fiftyone"]["samples.x"]
    samples.drop()
    samples.insert_many([{"n": n} for n in range(DOCUMENTS)])
    client.admin.command("fsync")  # then the kill only loses the count, as it does in practice
    kill(home)
    assert not database_status(home).running
    assert ensure_database(home) == uri
    assert samples.count_documents({}) == DOCUMENTS
    assert samples.estimated_document_count() == DOCUMENTS
    client.close()


def test_a_lost_state_file_does_not_start_a_second_server(home: Home):
    uri = ensure_database(home)
    pid = database_status(home).pid
    (home.fiftyone / "mongod.json").unlink()
    assert ensure_database(home) == uri
    assert database_status(home).pid == pid


def test_two_homes_never_meet_even_when_one_is_a_copy_of_the_other(home: Home, tmp_path: Path):
    first = ensure_database(home)
    other = Home(tmp_path)
    other.fiftyone.mkdir()
    state = (home.fiftyone / "mongod.json").read_text()
    (other.fiftyone / "mongod.json").write_text(state)
    assert not stop_database(other), "the original's server is not the copy's to stop"
    second = ensure_database(other)
    try:
        assert first != second
        assert database_status(home).pid != database_status(other).pid
        client: pymongo.MongoClient = pymongo.MongoClient(second)
        assert "fiftyone" not in client.list_database_names()
        client.close()
    finally:
        assert stop_database(other)
    assert database_status(home).running


def test_a_server_that_the_user_names_wins(home: Home, tmp_path: Path, monkeypatch):
    uri = ensure_database(home)
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", uri)
    other = Home(tmp_path)
    assert ensure_database(other) == uri
    assert not (tmp_path / ".fiftyone").exists()
    assert not stop_database(other), "a server of the user's is never stopped"
    assert database_status(home).running


def test_a_server_that_is_down_is_told_within_seconds(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", "mongodb://me:secret@127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(DatabaseError, match="does not answer") as error:
        configure_fiftyone(Home(tmp_path))
    assert time.monotonic() - started < 5
    assert "secret" not in str(error.value)
    assert not database_status(Home(tmp_path)).usable


def test_stopping_is_clean_and_says_whether_there_was_anything_to_stop(home: Home):
    ensure_database(home)
    assert stop_database(home)
    assert not stop_database(home)
    assert (home.fiftyone / "db" / "mongod.lock").stat().st_size == 0
    assert database_status(home).usable
