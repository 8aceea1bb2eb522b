"""What the samples of a data set hold: one typed column per field, one row per window."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from audio_assets.errors import MetadataError
from audio_assets.recordings.clock import clock_of, window_start_times
from audio_assets.schemas import METADATA

Kind = Literal["string", "int", "float", "bool", "time", "strings", "label", "cluster", "location"]
"""How a column becomes a FiftyOne field; `cluster` is a Classification with a confidence."""

RENAMED_SUFFIX = "_column"
OF_WINDOWS = ("window_id", "recording_id", "path", "start_s", "end_s", "padded_s")
OF_RECORDINGS = ("sample_rate", "channels", "duration_s", "warning")
STANDARD = tuple(n for n in METADATA.names if n not in ("path", "label", "start_time"))
BIGGEST_INT = 2**63 - 1


@dataclass(frozen=True)
class Column:
    """Values of one field: plain Python values, None where there is none.

    A label is its text, a cluster (text, probability), a location (lon, lat).
    """

    kind: Kind
    values: list[Any]


@dataclass
class SampleTable:
    """Everything but the vectors that is written to FiftyOne, in the order of the windows."""

    window_ids: list[str]
    columns: dict[str, Column] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)  # column of the table → field

    def __len__(self) -> int:
        return len(self.window_ids)

    def add(self, name: str, kind: Kind, values: list[Any], *, always: bool = False) -> None:
        """Add a column unless it has no value at all."""
        if always or any(v is not None for v in values):
            self.columns[name] = Column(kind, values)


def build_sample_table(
    windows: pa.Table,
    metadata: pa.Table,
    recordings: pa.Table,
    *,
    audio_root: Path,
    png_dir: Path,
    reserved: Collection[str],
) -> SampleTable:
    """Join windows with the metadata and the probe results of their recordings.

    Args:
        windows: `schemas.WINDOWS`.
        metadata: `schemas.METADATA`, then custom columns.
        recordings: `schemas.RECORDINGS`.
        audio_root: absolute directory of the recordings.
        png_dir: absolute directory of `<window_id>.png`.
        reserved: field names that a custom column may not take.

    Returns:
        The seed's sample schema; standard columns without any value are left out, and a custom
        column whose name cannot be used gets another, listed in `renamed`.

    Raises:
        MetadataError: when a window occurs twice.
    """
    ids = windows["window_id"].to_pylist()
    if len(set(ids)) != len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})[:3] if len(ids) < 10_000 else "some"
        raise MetadataError(f"windows occur more than once: {twice}.")
    rows = _rows_of(windows, metadata)
    probed = _rows_of(windows, recordings)
    table = SampleTable(ids)
    table.add("filepath", "string", [str(png_dir / f"{i}.png") for i in ids], always=True)
    paths = windows["path"].to_pylist()
    table.add("audio_filepath", "string", [str(audio_root / p) for p in paths], always=True)
    table.add("label", "label", _plain(rows["label"], "string"), always=True)
    table.add("location", "location", _locations(rows["lat"], rows["lon"]))
    for name in OF_WINDOWS:
        kind = kind_of(windows[name].type)
        table.add(name, kind, _plain(windows[name], kind), always=True)
    table.add("start_time", "time", _window_times(windows, rows, probed))
    for source, names in ((rows, STANDARD), (probed, OF_RECORDINGS)):
        for name in names:
            if name in source.column_names:
                kind = kind_of(source[name].type)
                table.add(name, kind, _plain(source[name], kind))
    _add_custom(table, rows, set(reserved))
    return table


def _add_custom(table: SampleTable, rows: pa.Table, reserved: set[str]) -> None:
    known = {*METADATA.names, *table.columns, *OF_RECORDINGS}
    for name in rows.column_names:
        if name in METADATA.names:
            continue
        kind = kind_of(rows[name].type)
        usable = field_name(name, {*reserved, *known})
        if usable != name:
            table.renamed[name] = usable
        known.add(usable)
        table.add(usable, kind, _plain(rows[name], kind))


def field_name(name: str, taken: Collection[str]) -> str:
    """A field name from any column name: word characters, no leading underscore, not taken."""
    base = re.sub(r"\W+", "_", name.strip()).strip("_") or "column"
    if base not in taken:
        return base
    base = f"{base}{RENAMED_SUFFIX}"
    further = (f"{base}_{n}" for n in range(2, 10_000))
    return base if base not in taken else next(n for n in further if n not in taken)


def kind_of(dtype: pa.DataType) -> Kind:
    """The field type for a column type; what has no counterpart is written out as text."""
    if pa.types.is_dictionary(dtype):
        return kind_of(dtype.value_type)
    if pa.types.is_boolean(dtype):
        return "bool"
    if pa.types.is_integer(dtype):
        return "string" if dtype == pa.uint64() else "int"  # BSON integers end at 2^63 - 1
    if pa.types.is_floating(dtype) or pa.types.is_decimal(dtype) or pa.types.is_duration(dtype):
        return "float"
    if pa.types.is_timestamp(dtype) or pa.types.is_date(dtype):
        return "time"
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype):
        return "strings"
    return "string"


def _rows_of(windows: pa.Table, table: pa.Table) -> pa.Table:
    """The row of `table` (keyed by path) for each window; nulls where there is none."""
    row_of = {path: row for row, path in enumerate(table["path"].to_pylist())}
    rows = [row_of.get(path) for path in windows["path"].to_pylist()]
    return table.take(pa.array(rows, pa.int64()))


def _plain(column: pa.ChunkedArray, kind: Kind) -> list[Any]:
    return [_value(v, kind) for v in column.to_pylist()]


def _value(value: Any, kind: Kind) -> Any:
    """A value as it will be read back from MongoDB, so that equal means unchanged."""
    if value is None:
        return None
    if kind == "float":
        number = _seconds(value) if isinstance(value, timedelta) else float(value)
        return number if math.isfinite(number) else None
    if kind == "time":
        return _utc(value)
    if kind == "strings":
        return [str(v) for v in value]
    if kind == "string":
        return value if isinstance(value, str) else _text(value)
    return value


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(dict(value)) if isinstance(value, Mapping) else str(value)


def _seconds(value: timedelta | Decimal) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def _utc(value: datetime | date) -> datetime:
    """Naive UTC, in the whole milliseconds that BSON has."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _locations(lat: pa.ChunkedArray, lon: pa.ChunkedArray) -> list[tuple[float, float] | None]:
    """Points as (lon, lat), the order of GeoJSON."""
    pairs = zip(_plain(lon, "float"), _plain(lat, "float"), strict=True)
    return [None if x is None or y is None else (x, y) for x, y in pairs]


def _window_times(windows: pa.Table, rows: pa.Table, probed: pa.Table) -> list[datetime | None]:
    """When each window starts: the recording's start (table first, then file name) + start_s."""
    starts = pc.call_function("coalesce", [rows["start_time"], probed["start_time"]])
    clock = clock_of(probed)
    times = window_start_times(starts, windows["start_s"].to_numpy(), clock).to_pylist()
    return [None if time is None else _utc(time) for time in times]
