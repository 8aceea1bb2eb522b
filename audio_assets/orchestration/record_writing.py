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
    held: set[Path] = set()
    with ExitStack() as open_until_the_end:

        def opened(connection: Any, _record: object) -> None:
            if not isinstance(connection, sqlite3.Connection):
                return
            # what stands in the way is no concern of this function: Dagster meets and tells it
            with suppress(sqlite3.Error):
                file = _file(connection)
                if file is None or not file.is_relative_to(root):
                    return
                _write_ahead(connection)
                if file not in held:
                    keeper = sqlite3.connect(file, check_same_thread=False)
                    open_until_the_end.enter_context(closing(keeper))
                    keeper.execute("SELECT count(*) FROM sqlite_master").fetchone()  # joins the log
                    held.add(file)

        event.listen(Engine, "connect", opened)
        try:
            yield
        finally:
            event.remove(Engine, "connect", opened)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Dagster sets this mode too, after it has made the tables of a new file one by one."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _file(connection: sqlite3.Connection) -> Path | None:
    """The file of a database; None where it is in memory."""
    names = [name for _, _, name in connection.execute("PRAGMA database_list") if name]
    return Path(names[0]).resolve() if names else None
