"""Records are written ahead of the disk, and are there whatever ends the process."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from audio_assets.home import Home
from audio_assets.orchestration.record_writing import quick_records

WRITES = """
import os, sys
from pathlib import Path
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from audio_assets.home import Home
from audio_assets.orchestration.record_writing import quick_records
home = Home(Path(sys.argv[1]))
with quick_records(home):
    for number in range(3):
        engine = create_engine(f"sqlite:///{home.root}/run.db", poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS events (number)"))
            connection.execute(text(f"INSERT INTO events VALUES ({number})"))
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")


def write(file: Path, number: int) -> None:
    """As Dagster does: a new engine and connection for every event."""
    with create_engine(f"sqlite:///{file}", poolclass=NullPool).begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS events (number)"))
        connection.execute(text(f"INSERT INTO events VALUES ({number})"))


def numbers(file: Path) -> list[int]:
    connection = sqlite3.connect(file)
    try:
        return [n for (n,) in connection.execute("SELECT number FROM events ORDER BY number")]
    finally:
        connection.close()


def test_events_wait_in_the_log_until_the_run_ends(home: Home) -> None:
    file, log = home.root / "run.db", home.root / "run.db-wal"
    with quick_records(home):
        write(file, 1)
        assert log.stat().st_size > 0
        write(file, 2)
        assert numbers(file) == [1, 2]
        assert log.stat().st_size > 0
    assert not log.exists()
    assert numbers(file) == [1, 2]


def test_events_of_a_killed_process_are_not_lost(home: Home) -> None:
    done = subprocess.run([sys.executable, "-c", WRITES, os.fspath(home.root)], check=False)
    assert done.returncode == -9
    assert numbers(home.root / "run.db") == [0, 1, 2]


def test_databases_elsewhere_are_left_as_they_are(home: Home, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with quick_records(home):
        write(other, 1)
    with sqlite3.connect(other) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_nothing_is_held_open_afterwards(home: Home) -> None:
    file = home.root / "run.db"
    with quick_records(home):
        write(file, 1)
    write(file, 2)
    assert not (home.root / "run.db-wal").exists()


def test_a_damaged_file_is_told_about_by_whoever_reads_it(home: Home) -> None:
    file = home.root / "run.db"
    file.write_bytes(b"this is no database" * 100)
    with quick_records(home), pytest.raises(Exception, match="not a database"):
        write(file, 1)
