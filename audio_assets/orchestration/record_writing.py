"""Dagster's SQLite records of a run, written without waiting for the disk at every event.

Dagster opens a database anew for every event and closes it again. Closing the last connection
makes SQLite move what was written into the database's file and wait for the disk, several times
an event and some hundred events a run. While one connection stays open, what is written goes to
the write-ahead log and waits there: safe from a killed process, as before; a power cut may take the
last events, never the whole, and what they spoke of is then found on disk and recorded again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from audio_assets.home import Home


@contextmanager
def quick_records(home: Home) -> Iterator[None]:
    """Hold open what Dagster opens of a home's SQLite files meanwhile, in this process.

    Databases elsewhere, and other kinds, are left alone.

    Args:
        home: whose records are written.
    """
    root = home.root.resolve()
    held: dict[str, bool] = {}
    with ExitStack() as open_until_the_end:

        def opened(connection: Any, _record: object) -> None:
            if not isinstance(connection, sqlite3.Connection):
                return
            # what stands in the way is no concern of this function: Dagster meets and tells it
            with suppress(sqlite3.Error):
                name = _file(connection)
                if name not in held:
                    ours = bool(name) and Path(name).resolve().is_relative_to(root)
                    if ours:
                        open_until_the_end.enter_context(_kept_open(name))
                    held[name] = ours
                if held[name]:
                    connection.execute("PRAGMA synchronous=NORMAL")

        event.listen(Engine, "connect", opened)
        try:
            yield
        finally:
            event.remove(Engine, "connect", opened)


@contextmanager
def _kept_open(name: str) -> Iterator[None]:
    """A connection to a database, which is written ahead from now on: its file remembers that.

    Dagster sets this mode too, after it has made the tables of a new file one by one.
    """
    with closing(sqlite3.connect(name, check_same_thread=False)) as keeper:
        keeper.execute("PRAGMA journal_mode=WAL")
        keeper.execute("SELECT count(*) FROM sqlite_master").fetchone()  # joins the log
        yield


def _file(connection: sqlite3.Connection) -> str:
    """The file of a database; empty where it is in memory."""
    names = [name for _, _, name in connection.execute("PRAGMA database_list") if name]
    return names[0] if names else ""
