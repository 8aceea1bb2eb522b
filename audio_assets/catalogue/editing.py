"""People's edits of one recording's metadata: validated, then appended to `data/edits`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from audio_assets.errors import MetadataError, StorageError
from audio_assets.file_locks import LOCK_SECONDS, locked
from audio_assets.home import Home
from audio_assets.schemas import METADATA
from audio_assets.storage import atomic_open, read_parquet_schema

Value = str | int | float | bool | None

COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
FIXED = frozenset({"path", "filename", "filepath", "subfolder", "coordinates", "recording_id"})
LONGEST_TEXT = 10_000
LIMITS = {"lat": (-90.0, 90.0), "lon": (-180.0, 180.0)}


def edit_metadata(
    home: Home, folder: str, path: str, changes: Mapping[str, Value], now: Mapping[str, Any]
) -> None:
    """Append edits; they are seen at once and survive every later run.

    Args:
        home: holds the edits.
        folder: key of the folder.
        path: of the recording, relative to the folder.
        changes: column → new value; None empties a cell.
        now: what the columns hold now, so that a place stays a whole one.

    Raises:
        MetadataError: a column that cannot be edited, or a value that does not fit it.
        StorageError: the edits cannot be written.
    """
    checked = fitting(home, folder, changes, now)
    edited = datetime.now(UTC).isoformat()
    lines = [
        json.dumps(
            {"path": path, "column": column, "value": value, "edited": edited},
            ensure_ascii=False,
            allow_nan=False,
        )
        for column, value in checked.items()
    ]
    if lines:
        append_edits(home, folder, lines)


def fitting(
    home: Home, folder: str, changes: Mapping[str, Value], now: Mapping[str, Any]
) -> dict[str, Value]:
    """The changes as they would be stored; arguments and errors as of `edit_metadata`."""
    types = _types(home, folder)
    checked = {column: _checked(column, value, types) for column, value in changes.items()}
    if checked.keys() & LIMITS.keys():
        checked |= _place(checked, now)
    return checked


def _checked(column: str, value: Value, types: Mapping[str, pa.DataType]) -> Value:
    if column in FIXED or not COLUMN.fullmatch(column):
        raise MetadataError(
            f"The column {column[:80]!r} cannot be edited. Columns are 1 to 63 letters, digits and "
            f"'_', starting with a letter, and none of {', '.join(sorted(FIXED))}."
        )
    if value is None:
        return None
    kind = types.get(column, pa.string())
    if pa.types.is_timestamp(kind):
        return _time(column, value)
    typed = _as_type(column, value, kind)
    if isinstance(typed, str) and (len(typed) > LONGEST_TEXT or "\0" in typed):
        raise MetadataError(f"{column}: expected at most {LONGEST_TEXT:,} characters and no NUL.")
    if column in LIMITS and isinstance(typed, float):
        low, high = LIMITS[column]
        if not low <= typed <= high:
            raise MetadataError(f"{column}: found {typed:g}, expected degrees {low:g} to {high:g}.")
    return typed


def _as_type(column: str, value: Value, kind: pa.DataType) -> Value:
    if pa.types.is_boolean(kind) != isinstance(value, bool) and not pa.types.is_string(kind):
        raise _misfit(column, value, kind)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        text = value if isinstance(value, str) else json.dumps(value)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise MetadataError(f"{column}: the text is not valid Unicode.") from error
        return text
    try:
        return pa.array([value], kind)[0].as_py()
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _misfit(column, value, kind) from error


def _time(column: str, value: Value) -> str:
    """ISO 8601 in UTC; a time without an offset is UTC."""
    try:
        time = datetime.fromisoformat(str(value))
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MetadataError(
            f"{column}: found {str(value)[:40]!r}, expected a time such as 2019-05-22T00:30:00Z."
        ) from error
    return time.isoformat()


def _misfit(column: str, value: Value, kind: pa.DataType) -> MetadataError:
    return MetadataError(f"{column}: found {str(value)[:40]!r}, expected a value of type {kind}.")


def _place(changes: Mapping[str, Value], now: Mapping[str, Any]) -> dict[str, Value]:
    """Where the coordinates come from, once both are there or both are gone."""
    lat, lon = (changes[name] if name in changes else now.get(name) for name in ("lat", "lon"))
    if (lat is None) != (lon is None):
        raise MetadataError("A place needs both lat and lon; give both, or null for both.")
    return {"coordinates": None if lat is None else "given"}


def _types(home: Home, folder: str) -> dict[str, pa.DataType]:
    """Types of the columns that are there already."""
    path = home.asset("metadata_table", folder=folder)
    stored = read_parquet_schema(path) if path.is_file() else METADATA
    return {field.name: field.type for field in [*METADATA, *stored]}


def append_edits(home: Home, folder: str, lines: list[str]) -> None:
    """Write old and new lines whole: a line cut off by a crash would spoil the folder's table."""
    file = home.edits / f"{folder}.jsonl"
    try:
        with locked(home.locks / f"edits-{folder}.lock", LOCK_SECONDS):
            old = file.read_bytes() if file.is_file() else b""
            if old and not old.endswith(b"\n"):
                old += b"\n"
            with atomic_open(file) as stream:
                stream.write(old + "\n".join(lines).encode() + b"\n")
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {error.strerror}.") from error
