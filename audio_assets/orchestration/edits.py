"""People's edits of metadata: an append-only table beside the assets, joined last.

`edits/<folder>.jsonl` (one JSON object a line) or `edits/<folder>.parquet` with the columns
`path`, `column` and `value`; the last row for a path and column wins. A row that also has a
`window_id` edits that one window and wins over its recording's. `edited` (when), `by` (who) and
`origin` (what it followed from) are kept and do not count. `catalogue.editing` and
`catalogue.window_editing` append to the first of the files; nothing here writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from audio_assets.errors import MetadataError
from audio_assets.home import Home
from audio_assets.storage import read_parquet


def edit_files(home: Home, folder: str) -> dict[str, str]:
    """SHA-256 of each edits file of a folder that exists, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in _paths(home, folder)
    }


def apply_edits(home: Home, folder: str, table: pa.Table) -> pa.Table:
    """Replace the values that people edited; a column that is new becomes a text column.

    Args:
        home: holds the edits.
        folder: key of the folder.
        table: metadata, one row per path.

    Raises:
        MetadataError: an edit lacks a field, or its value does not fit its column.
    """
    of_recordings = (e for e in read_edits(home, folder) if not e.get("window_id"))
    edits = {e["path"] + "\0" + e["column"]: e for e in of_recordings}
    paths = table.column("path").to_pylist()
    position = {path: i for i, path in enumerate(paths)}
    by_column: dict[str, dict[int, Any]] = {}
    for edit in edits.values():
        if edit["path"] in position:
            by_column.setdefault(edit["column"], {})[position[edit["path"]]] = edit["value"]
    for column, values in by_column.items():
        table = _replace(table, column, values)
    return table


def window_edits(home: Home, folder: str) -> dict[str, dict[str, Any]]:
    """The values that people gave to single windows: column → window id → value.

    Raises:
        MetadataError: an edit lacks a field.
    """
    found: dict[str, dict[str, Any]] = {}
    for edit in read_edits(home, folder):
        if edit.get("window_id"):
            found.setdefault(edit["column"], {})[edit["window_id"]] = edit["value"]
    return found


def _replace(table: pa.Table, column: str, values: Mapping[int, Any]) -> pa.Table:
    known = column in table.column_names
    old = table.column(column).to_pylist() if known else [None] * table.num_rows
    for i, value in values.items():
        old[i] = value if known or value is None else str(value)
    field = table.schema.field(column) if known else pa.field(column, pa.string())
    try:
        if pa.types.is_timestamp(field.type):
            old = [_time(value) for value in old]
        array = pa.array(old, type=field.type)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise MetadataError(
            f"An edit of column {column!r} does not fit its type {field.type}: {error}."
        ) from error
    if known:
        return table.set_column(table.column_names.index(column), field, array)
    return table.append_column(field, array)


def _time(value: Any) -> Any:
    """JSON has no times: ISO 8601 text becomes one, in UTC where it says nothing else."""
    if not isinstance(value, str):
        return value
    time = datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _paths(home: Home, folder: str) -> list[Path]:
    candidates = [home.edits / f"{folder}{suffix}" for suffix in (".parquet", ".jsonl")]
    return [path for path in candidates if path.is_file()]


def read_edits(home: Home, folder: str) -> list[dict[str, Any]]:
    """Every edit of a folder, the oldest first, with whatever else its row says.

    Raises:
        MetadataError: an edit lacks a field, or a line is no JSON.
    """
    edits: list[dict[str, Any]] = []
    for path in _paths(home, folder):
        if path.suffix == ".parquet":
            found = read_parquet(path).to_pylist()
        else:
            found = [_parse(path, i, line) for i, line in _lines(path)]
        for i, edit in enumerate(found, 1):
            if not {"path", "column", "value"} <= set(edit):
                raise MetadataError(
                    f"{path}, row {i}: expected path, column and value, found {sorted(edit)}."
                )
            if edit["column"] == "path":
                raise MetadataError(f"{path}, row {i}: the column 'path' cannot be edited.")
        edits += found
    return edits


def _lines(path: Path) -> list[tuple[int, str]]:
    text = path.read_text(encoding="utf-8")
    return [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        edit = json.loads(line)
    except ValueError as error:
        raise MetadataError(f"{path}, line {number}: not JSON ({error}).") from error
    if not isinstance(edit, dict):
        raise MetadataError(f"{path}, line {number}: expected an object, found {line[:40]!r}.")
    return edit
