"""Reading a data set's own table: CSV or TSV strictly as text, Parquet as it is typed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from audio_assets.errors import MetadataError

MOST_BYTES = 1 << 27
MOST_COLUMNS = 2048
MOST_CELLS = 50_000_000
"""A table beside recordings is far smaller; a few kilobytes of Parquet can unfold to terabytes."""
MOST_NAMED = 20
MOST_SHOWN = 80
"""Columns that a message names, and characters of each."""


def read_table(path: Path) -> pd.DataFrame:
    """Read CSV or TSV as text, or Parquet as typed, without guessing.

    Returns:
        One row per record; text cells stay text (formulas too), empty ones are None. The index
        is the line in the file (CSV; the header is line 1) or the row from 1 (Parquet).

    Raises:
        MetadataError: naming the file, the line and what to do.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise MetadataError(
                f"{path} has {size / 1e6:,.0f} MB; expected at most {MOST_BYTES / 1e6:,.0f} MB. "
                "Leave out rows or columns that say nothing about recordings."
            )
        if path.suffix.lower() in (".parquet", ".pq"):
            return _parquet(path)
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise MetadataError(
            f"{path}, line {line}: byte 0x{error.object[error.start]:02x} is not UTF-8. "
            "Save the table as UTF-8 (in Excel: 'CSV UTF-8')."
        ) from error
    except MetadataError:
        raise
    except Exception as error:  # pyarrow raises many kinds; all mean the file is unreadable
        raise MetadataError(f"{path} cannot be read: {error}.") from error
    if "\0" in text:
        raise MetadataError(f"{path} holds zero bytes: it is not a text table. Save it as UTF-8.")
    return _parse(text, path)


def _parquet(path: Path) -> pd.DataFrame:
    """A Parquet table; its size is looked at before anything of it is unpacked."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        rows, names = file.metadata.num_rows, file.schema_arrow.names
        _check_names(names, path)
        if rows * max(1, file.metadata.num_columns) > MOST_CELLS:
            raise MetadataError(
                f"{path} has {rows:,} rows of {len(names)} columns; expected at most "
                f"{MOST_CELLS:,} cells. Leave out what says nothing about recordings."
            )
        table = file.read().to_pandas(date_as_object=True, ignore_metadata=True)
    table.columns = names
    for name in names:
        if table[name].dtype == object:
            table[name] = [_plain(cell) for cell in table[name]]
    return table.set_axis(range(1, len(table) + 1))


def _plain(cell: Any) -> Any:
    """A cell of lists, structs or bytes as text; any other as it is."""
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    return str(getattr(cell, "tolist", lambda: cell)()) if pd.api.types.is_list_like(cell) else cell


def _check_names(names: list[str], path: Path) -> None:
    if "" in names:
        raise MetadataError(f"{path}, line 1: column {names.index('') + 1} has no name.")
    if len(names) > MOST_COLUMNS:
        raise MetadataError(
            f"{path} has {len(names):,} columns; expected at most {MOST_COLUMNS:,}. Leave out "
            "those that say nothing about recordings (embeddings have tables of their own)."
        )
    for name, count in Counter(names).items():
        if count > 1:
            raise MetadataError(f"{path}, line 1: the column {name!r} is there twice. Rename one.")


def named(columns: Iterable[object]) -> str:
    """Names of columns for a message; of very many the first."""
    names = list(columns)
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(repr(short(str(name))) for name in names[:MOST_NAMED]) + more


def short(text: str) -> str:
    """A text for a message, cut where it is long."""
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"


def _parse(text: str, path: Path) -> pd.DataFrame:
    """Delimited text as a frame of strings, every irregular line refused by its number."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count) if path.suffix.lower() != ".tsv" else "\t"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    rows: list[list[str | None]] = []
    lines: list[int] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(cells, path)
            elif len(cells) != len(header):
                raise MetadataError(
                    f"{path}, line {reader.line_num}: {len(cells)} cells, but the header names "
                    f"{len(header)} columns. Correct the line (a quote or '{delimiter}' too many?)."
                )
            else:
                rows.append([None if cell.strip() == "" else cell.strip() for cell in cells])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise MetadataError(f"{path}, line {reader.line_num}: {error}. Correct it.") from error
    if header is None:
        raise MetadataError(f"{path} is empty: it needs a header line with the column names.")
    return pd.DataFrame(rows, columns=pd.Index(header), index=pd.Index(lines), dtype=object)


def _header(cells: list[str], path: Path) -> list[str]:
    names = [cell.strip() for cell in cells]
    _check_names(names, path)
    return names


def rename(table: pd.DataFrame, columns: Mapping[str, str], path: Path) -> pd.DataFrame:
    """Give mapped columns their standard names.

    Args:
        table: as read.
        columns: standard (or new) name → name in the table.
        path: of the table, for messages.

    Raises:
        MetadataError: when a column named is not there.
    """
    for wanted, found in columns.items():
        if found not in table.columns:
            raise MetadataError(
                f"{path}: column {found!r} (for {wanted!r}) is not there; found "
                f"{named(table.columns)}. Correct the column mapping."
            )
    targets = {found: wanted for wanted, found in columns.items()}
    shadowed = [c for c in table.columns if c in columns and c not in targets]
    return table.drop(columns=shadowed).rename(columns=targets)
