"""The recordings of every folder of a home, kept in memory as long as no file changes."""

from __future__ import annotations

import math
import os
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from audio_assets.catalogue.entries import STRUCTURAL, Entry, EntryFilter
from audio_assets.catalogue.ledger import noted, stamp
from audio_assets.errors import NotFoundError
from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import Home
from audio_assets.orchestration.edits import apply_edits
from audio_assets.schemas import METADATA
from audio_assets.storage import read_parquet

Stamp = tuple[Any, ...]


class Kept(NamedTuple):
    """What was found in a folder, when looking for it began, and how the files looked then."""

    root: Path
    began: float
    stamp: Stamp
    entries: list[Entry]


class Catalogue:
    """Looks recordings up; safe for use by several threads.

    Edits that people made since the last run are there already, and so are files that were
    uploaded or registered but that no run has seen yet.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}
        self._reading: dict[str, threading.Lock] = {}

    def entries(self, wanted: EntryFilter | None = None) -> list[Entry]:
        """The entries that a filter keeps, sorted by `key`.

        Raises:
            StorageError: a table cannot be read.
            MetadataError: an edit cannot be applied.
        """
        wanted = wanted or EntryFilter()
        found: list[Entry] = []
        for folder in FolderRegistry(self.home).load().values():
            if not wanted.folders or folder.key in wanted.folders:
                found += [e for e in self.of_folder(folder) if wanted.keeps(e)]
        return sorted(found, key=lambda entry: entry.key)

    def of_folder(self, folder: AudioFolder) -> list[Entry]:
        """All entries of one folder, sorted by path.

        After a change one thread reads the folder, and those that asked before it began wait for
        what it finds: forty that read it at once took forty times as long.
        """
        asked, kept = time.monotonic(), self._kept.get(folder.key)
        if kept is not None and kept.stamp == self._stamp(folder):
            return kept.entries
        with self._lock:
            reading = self._reading.setdefault(folder.key, threading.Lock())
        with reading:
            kept = self._kept.get(folder.key)
            if kept is None or kept.root != folder.root or kept.began < asked:
                began, stamped = time.monotonic(), self._stamp(folder)
                entries = _read(self.home, folder)
                kept = self._kept[folder.key] = Kept(folder.root, began, stamped, entries)
            return kept.entries

    def find(
        self, recording_id: str, folder: str | None = None, path: str | None = None
    ) -> tuple[Entry, list[Entry]]:
        """A recording by its id.

        Args:
            recording_id: all 64 hex digits or the first 16.
            folder: the folder meant, where several hold the same bytes.
            path: the path meant, where a folder holds them twice.

        Returns:
            The entry meant (else one of status `ok` before others), and the other places.

        Raises:
            NotFoundError: no folder holds it.
        """
        wanted = EntryFilter(folders=frozenset([folder] if folder else []))
        places = [
            entry
            for entry in self.entries(wanted)
            if entry.recording_id is not None
            and entry.recording_id.startswith(recording_id)
            and path in (None, entry.path)
        ]
        places.sort(key=lambda entry: entry.status != "ok")
        if not places:
            where = f" in folder {folder!r}" if folder else ""
            raise NotFoundError(f"There is no recording {recording_id!r}{where}.")
        return places[0], places[1:]

    def _stamp(self, folder: AudioFolder) -> Stamp:
        edits = [self.home.edits / f"{folder.key}{suffix}" for suffix in (".parquet", ".jsonl")]
        tables = [self.home.asset(a, folder=folder.key) for a in ("raw_audio", "metadata_table")]
        times = tuple(_file_stamp(path) for path in (*tables, *edits))
        return (folder.root, times, stamp(self.home, folder.key))


def _read(home: Home, folder: AudioFolder) -> list[Entry]:
    rows = _rows(home, folder)
    path = home.asset("metadata_table", folder=folder.key)
    table = read_parquet(path) if path.is_file() else METADATA.empty_table()
    table = _with_missing_rows(table, rows)
    metadata = {row["path"]: row for row in apply_edits(home, folder.key, table).to_pylist()}
    return [_entry(folder.key, row, metadata.get(row["path"], {})) for row in rows]


def _rows(home: Home, folder: AudioFolder) -> list[dict[str, Any]]:
    """Rows of the recordings table, then of what no run has seen; sorted by path."""
    path = home.asset("raw_audio", folder=folder.key)
    seen = read_parquet(path).to_pylist() if path.is_file() else []
    rows = {row["path"]: {**row, "ingested": True} for row in seen}
    for one in noted(home, folder.key):
        if one.path not in rows and os.path.isfile(f"{folder.root}/{one.path}"):  # noqa: PTH113
            verdict = vars(one.verdict)
            given = datetime.fromisoformat(one.start_time) if one.start_time else None
            rows[one.path] = {
                **verdict, "path": one.path, "bytes": one.bytes, "mtime_ns": one.mtime_ns,
                "start_time": given, "duplicate_of": None, "ingested": False,
            }  # fmt: skip
    return [rows[path] for path in sorted(rows)]


def _with_missing_rows(table: pa.Table, rows: list[dict[str, Any]]) -> pa.Table:
    """Empty metadata for usable recordings that have none yet, so that edits find their row."""
    known = set(table["path"].to_pylist())
    missing = [r for r in rows if r["status"] != "failed" and r["path"] not in known]
    if not missing:
        return table
    bare = {
        "path": [r["path"] for r in missing],
        "filename": [r["path"].rpartition("/")[2] for r in missing],
        "start_time": [r["start_time"] for r in missing],
    }
    columns = {
        field.name: pa.array(bare.get(field.name, [None] * len(missing)), field.type)
        for field in table.schema
    }
    return pa.concat_tables([table, pa.table(columns, schema=table.schema)])


def _entry(folder: str, row: dict[str, Any], metadata: dict[str, Any]) -> Entry:
    return Entry(
        recording_id=row["recording_id"], folder=folder, path=row["path"], bytes=row["bytes"],
        sample_rate=row["sample_rate"], channels=row["channels"], duration_s=row["duration_s"],
        format=row["format"], subtype=row["subtype"],
        start_time=metadata.get("start_time") or row["start_time"],
        status=row["status"], warning=row["warning"], reason=row["reason"],
        duplicate_of=row["duplicate_of"], ingested=row["ingested"], mtime_ns=row["mtime_ns"],
        metadata={k: v for k, v in metadata.items() if k not in STRUCTURAL and _is_there(v)},
    )  # fmt: skip


def _is_there(value: Any) -> bool:
    """Whether a cell has a value; NaN and infinity have no place in JSON."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def _file_stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return status.st_mtime_ns, status.st_size, status.st_ino
