"""The table of jobs and Dagster's own records in a live Postgres, as docs/deploy.md sets it up.

Runs where `AUDIO_ASSETS_TEST_POSTGRES` is an address such as
`postgresql+psycopg2://user:password@127.0.0.1/name`; a schema of its own is made there and dropped.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from audio_assets.errors import DatabaseError
from audio_assets.jobs.database import open_database
from audio_assets.jobs.job import JobConflictError
from audio_assets.jobs.store import JobStore
from audio_assets.settings import PROJECT_DIR, Settings, load_settings

ADDRESS = os.environ.get("AUDIO_ASSETS_TEST_POSTGRES", "")
pytestmark = pytest.mark.skipif(
    not ADDRESS, reason="AUDIO_ASSETS_TEST_POSTGRES names no Postgres to test with"
)
REQUEST = {"folders": ["whales"], "checkpoint": "tiny"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a schema of this module's own."""
    schema, engine = f"test_{uuid.uuid4().hex[:12]}", create_engine(ADDRESS)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(ADDRESS).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    open_database.cache_clear()
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture
def settings(address: str, tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path, database_url=address)


@pytest.fixture
def store(settings: Settings) -> Iterator[JobStore]:
    store = JobStore(settings)
    yield store
    for job in store.live():
        store.end(job.job_id, "canceled")


def test_a_job_survives_from_request_to_verdict(store: JobStore, settings: Settings) -> None:
    job, created = store.create("processing", REQUEST, "first")
    assert created
    assert store.start(job.job_id)
    assert store.request_cancel(job.job_id).cancel_requested
    open_database.cache_clear()  # another process, later
    again = JobStore(settings)
    assert [one.job_id for one in again.live()] == [job.job_id]
    assert again.end(job.job_id, "finished")
    assert again.get(job.job_id).state == "finished"
    assert again.create("processing", REQUEST, "first") == (again.get(job.job_id), False)
    with pytest.raises(JobConflictError, match="used for another request"):
        again.create("processing", {**REQUEST, "checkpoint": "other"}, "first")


def test_identical_requests_at_once_are_one_job(store: JobStore) -> None:
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


def test_pages_hold_every_job_once_newest_first(store: JobStore) -> None:
    made = [store.create("clustering", {"n": n})[0].job_id for n in range(5)]
    pages, after = [], None
    while page := store.list("clustering", limit=2, after=after):
        pages += [job.job_id for job in page]
        after = page[-1].job_id
    assert pages == made[::-1]


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    url = make_url(ADDRESS).set(database=f"absent_{uuid.uuid4().hex[:8]}")
    settings = load_settings(home=tmp_path, database_url=url.render_as_string(hide_password=False))
    with pytest.raises(DatabaseError, match="cannot be used") as caught:
        JobStore(settings)
    assert "\n" not in str(caught.value)
    assert url.password is None or url.password not in str(caught.value)


def test_dagster_keeps_runs_and_partitions_there(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = yaml.safe_load((PROJECT_DIR / "deploy" / "dagster.yaml").read_text())
    url, kept = make_url(address), config["storage"]["postgres"]["postgres_db"]
    kept |= {"hostname": url.host, "username": url.username, "password": url.password or "none"}
    kept |= {"port": url.port or 5432, "db_name": url.database, "params": dict(url.query)}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config))

    @dg.op
    def one() -> int:
        return 1

    @dg.job
    def tiny() -> None:
        one()

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run_id = tiny.execute_in_process(instance=instance).run_id
        instance.add_dynamic_partitions("audio_folders", ["whales"])
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.SUCCESS
        assert instance.get_dynamic_partitions("audio_folders") == ["whales"]
    assert not list(tmp_path.rglob("*.db")), "nothing is kept in SQLite beside it"
    store = JobStore(load_settings(home=tmp_path, database_url=address))
    assert store.create("clustering", {"n": "beside Dagster's own tables"})[1]
