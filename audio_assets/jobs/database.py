"""The database of jobs: SQLite in the home, or what `AUDIO_ASSETS_DATABASE_URL` names."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from audio_assets.errors import DatabaseError, SettingsError
from audio_assets.home import Home
from audio_assets.settings import Settings

METADATA = MetaData()

JOBS = Table(
    "audio_assets_jobs",  # Dagster has a table `jobs`, perhaps in the same database
    METADATA,
    Column("job_id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("live_hash", String(64), unique=True),  # request_hash until the job has ended
    Column("request", Text, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("created", String(32), nullable=False, index=True),
    Column("updated", String(32), nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("error", Text),
)
"""One row per job. UNIQUE(live_hash) is what makes two identical requests at once one job."""

KEYS = Table(
    "audio_assets_job_keys",
    METADATA,
    Column("idempotency_key", String(255), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("job_id", String(36), nullable=False),
)
"""Several keys may lead to one job: clients that asked for the same thing at the same time."""


OLD_NAMES = {"jobs": JOBS, "job_idempotency_keys": KEYS}


def database_url(settings: Settings) -> str:
    """Where the jobs are kept.

    Returns:
        The setting, or the URL of `data/jobs/jobs.sqlite` in the home.
    """
    return settings.database_url or f"sqlite:///{Home.of(settings).data / 'jobs' / 'jobs.sqlite'}"


@lru_cache(maxsize=8)
def open_database(url: str) -> Engine:
    """Connect and create the tables that are missing; one engine per process and URL.

    Raises:
        SettingsError: the URL cannot be understood, or its driver is not installed.
        DatabaseError: the database cannot be reached or written.
    """
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except (SQLAlchemyError, ImportError) as error:
        raise SettingsError(
            f"AUDIO_ASSETS_DATABASE_URL does not name a database that can be used: {error}. "
            "Expected something like postgresql+psycopg2://user:password@host/name, or nothing "
            "for SQLite in the home."
        ) from error
    try:
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine)
        _create_tables(engine)
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseError(
            f"The database of jobs ({engine.url.render_as_string()}) cannot be used: "
            f"{_first_line(error)}. Check that it runs, and that the home can be written."
        ) from error
    return engine


def _create_tables(engine: Engine) -> None:
    """Create what is missing; two processes may do so at the same moment."""
    for attempt in range(5):
        try:
            with engine.begin() as connection:
                _rename_old_tables(connection)
                for table in METADATA.sorted_tables:
                    connection.execute(CreateTable(table, if_not_exists=True))
                    for index in table.indexes:
                        connection.execute(CreateIndex(index, if_not_exists=True))
            return
        except SQLAlchemyError:
            if attempt == 4:
                raise
            time.sleep(0.1 * (attempt + 1))


def _rename_old_tables(connection: Connection) -> None:
    """Take over the tables of version 0.1 under the names of today."""
    there = inspect(connection)
    for old, table in OLD_NAMES.items():
        if there.has_table(old) and not there.has_table(table.name):
            columns = {column["name"] for column in there.get_columns(old)}
            if set(table.columns.keys()) == columns:  # else it is somebody else's
                connection.execute(text(f"ALTER TABLE {old} RENAME TO {table.name}"))


def _prepare_sqlite(engine: Engine) -> None:
    """Write-ahead log, patience, and transactions that take the write lock when they begin.

    A transaction that reads first and writes later fails at once, whatever the timeout, when
    another one has written in between.
    """
    from pathlib import Path

    if engine.url.database and engine.url.database != ":memory:":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=30000")
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
