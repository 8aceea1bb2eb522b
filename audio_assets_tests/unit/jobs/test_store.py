"""The table of jobs: one request is one job, whoever asks at the same time."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from audio_assets.errors import SettingsError
from audio_assets.jobs.database import open_database
from audio_assets.jobs.job import JobConflictError, UnknownJobError
from audio_assets.jobs.store import JobStore
from audio_assets.settings import Settings, load_settings

REQUEST = {"folders": ["whales"], "checkpoint": "tiny"}
OTHER = {"folders": ["bats"], "checkpoint": "tiny"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path)


@pytest.fixture
def store(settings: Settings) -> JobStore:
    return JobStore(settings)


def test_a_job_is_stored_as_it_was_asked_for(store: JobStore, settings: Settings) -> None:
    job, created = store.create("processing", REQUEST)

    assert created
    assert (job.kind, job.request, job.state, job.error) == ("processing", REQUEST, "queued", None)
    assert JobStore(settings).get(job.job_id) == job
    assert store.live() == [job]


def test_the_same_key_gives_the_same_job_even_after_it_ended(store: JobStore) -> None:
    first, _ = store.create("processing", REQUEST, "k")
    store.end(first.job_id, "finished")

    again, created = store.create("processing", REQUEST, "k")

    assert (again.job_id, created) == (first.job_id, False)


def test_a_key_that_was_used_for_something_else_is_refused(store: JobStore) -> None:
    store.create("processing", REQUEST, "k")

    with pytest.raises(JobConflictError, match="'k' was used for another request"):
        store.create("processing", OTHER, "k")
    with pytest.raises(JobConflictError, match="'k' was used for another request"):
        store.create("clustering", REQUEST, "k")


def test_identical_requests_are_one_job_until_it_has_ended(store: JobStore) -> None:
    first, _ = store.create("processing", REQUEST)
    same, created = store.create("processing", dict(reversed(REQUEST.items())), "key")
    other, _ = store.create("processing", OTHER)
    store.end(first.job_id, "failed", "no disk")

    new, is_new = store.create("processing", REQUEST)

    assert (same.job_id, created) == (first.job_id, False)
    assert len({first.job_id, other.job_id, new.job_id}) == 3
    assert is_new
    assert store.create("processing", REQUEST, "key")[0].job_id == first.job_id


def test_threads_that_ask_for_the_same_at_once_get_one_job(store: JobStore) -> None:
    gate, found = threading.Barrier(16), []

    def ask(number: int) -> None:
        gate.wait()
        found.append(store.create("processing", REQUEST, f"key-{number % 4}"))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({job.job_id for job, _ in found}) == 1
    assert sum(created for _, created in found) == 1
    assert len(store.live()) == 1


ASK = """
import sys, time
from pathlib import Path
from audio_assets.jobs.store import JobStore
from audio_assets.settings import load_settings
home, me, other = map(Path, sys.argv[1:])
settings = load_settings(home=home)
import audio_assets.jobs.database
me.touch()
while not other.exists():
    time.sleep(0.001)
store = JobStore(settings)
for number in range(20):
    job, created = store.create("processing", {"folders": [str(number)], "checkpoint": "c"})
    print(number, job.job_id, int(created))
"""


def test_processes_that_ask_for_the_same_at_once_get_one_job(tmp_path: Path) -> None:
    marks = [tmp_path / "a", tmp_path / "b"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(tmp_path / "home"), str(me), str(other)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        for me, other in (marks, marks[::-1])
    ]  # fmt: skip
    lines = [
        line.split() for process in processes for line in process.communicate()[0].splitlines()
    ]

    assert [process.returncode for process in processes] == [0, 0]
    assert len(lines) == 40
    for number in range(20):
        found = [line for line in lines if line[0] == str(number)]
        assert len({job_id for _, job_id, _ in found}) == 1
        assert sorted(created for *_, created in found) == ["0", "1"]


def test_pages_hold_every_job_once_newest_first(store: JobStore) -> None:
    made = [store.create("processing", {"n": n})[0].job_id for n in range(7)]
    store.create("clustering", {"n": 0})

    pages, after = [], None
    while page := store.list("processing", limit=3, after=after):
        pages += [job.job_id for job in page]
        after = page[-1].job_id

    assert pages == made[::-1]
    assert [job.kind for job in store.list("clustering")] == ["clustering"]
    assert len(store.list(state="queued", limit=100)) == 8
    with pytest.raises(UnknownJobError, match="no job 'x'"):
        store.list(after="x")


def test_a_queued_job_is_canceled_at_once_and_never_started(store: JobStore) -> None:
    job, _ = store.create("processing", REQUEST)

    assert store.request_cancel(job.job_id).state == "canceled"

    assert not store.start(job.job_id)
    assert store.request_cancel(job.job_id).state == "canceled"
    assert store.create("processing", REQUEST)[1]


def test_a_running_job_is_asked_to_stop_and_an_ended_one_is_not(store: JobStore) -> None:
    job, _ = store.create("processing", REQUEST)
    assert store.start(job.job_id)
    assert not store.start(job.job_id)

    asked = store.request_cancel(job.job_id)

    assert (asked.state, asked.cancel_requested) == ("running", True)
    assert store.end(job.job_id, "finished")
    with pytest.raises(JobConflictError, match="has finished already"):
        store.request_cancel(job.job_id)


def test_a_verdict_is_never_changed(store: JobStore) -> None:
    job, _ = store.create("processing", REQUEST)

    assert store.end(job.job_id, "failed", "no disk")
    assert not store.end(job.job_id, "finished")

    assert (store.get(job.job_id).state, store.get(job.job_id).error) == ("failed", "no disk")
    assert store.live() == []


def test_an_address_of_no_database_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="AUDIO_ASSETS_DATABASE_URL"):
        JobStore(load_settings(home=tmp_path, database_url="nonsense"))


def test_jobs_of_an_older_version_are_taken_over_and_a_foreign_table_is_left(
    tmp_path: Path,
) -> None:
    """Dagster has a table `jobs` too, in the same database where there is but one."""
    file = tmp_path / "jobs.sqlite"
    settings = load_settings(home=tmp_path, database_url=f"sqlite:///{file}")
    job, _ = JobStore(settings).create("processing", REQUEST, "k")
    open_database.cache_clear()
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE audio_assets_jobs RENAME TO jobs")
        connection.execute("ALTER TABLE audio_assets_job_keys RENAME TO job_idempotency_keys")
    connection.close()
    assert JobStore(settings).create("processing", REQUEST, "k") == (job, False)

    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE jobs (id INTEGER, job_body TEXT)")
    connection.close()
    beside = load_settings(home=tmp_path, database_url=f"sqlite:///{foreign}")
    assert JobStore(beside).create("processing", REQUEST)[1]
    with sqlite3.connect(foreign) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    connection.close()
