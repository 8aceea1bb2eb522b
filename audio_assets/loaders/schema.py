"""The standard metadata columns, typed and validated; a misfit is named by row and column."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from audio_assets.errors import MetadataError
from audio_assets.loaders.cell_types import stable_type

STANDARD = frozenset(
    {"filepath", "label", "target", "fold", "category", "major_group", "lat", "lon"}
    | {"esc10", "src_file", "take"}
)
"""Standard columns a data set's own table may fill."""

TEXT = ("label", "category", "major_group", "src_file", "take")
WHOLE = ("target", "fold")
NUMBERS = {"lat": (-90.0, 90.0), "lon": (-180.0, 180.0)}
TRUE, FALSE = {"true", "1", "yes", "t"}, {"false", "0", "no", "f"}
EMPTY = {"", "na", "n/a", "nan", "null", "none", "-"}

SCHEMA = pa.DataFrameSchema(
    {
        "filepath": pa.Column(str, pa.Check.str_length(min_value=1), nullable=False),
        "label": pa.Column(object, nullable=True, required=False),
        "target": pa.Column("Int64", nullable=True, required=False),
        "fold": pa.Column("Int64", nullable=True, required=False),
        "lat": pa.Column(float, pa.Check.in_range(-90, 90), nullable=True, required=False),
        "lon": pa.Column(float, pa.Check.in_range(-180, 180), nullable=True, required=False),
        "esc10": pa.Column("boolean", nullable=True, required=False),
    },
    strict=False,
)
"""What every loader's table must satisfy; custom columns are free."""


def standardize(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Type the standard columns, give custom ones stable types, and validate.

    Raises:
        MetadataError: at the first cell that does not fit: file, row, column, found, expected.
    """
    table = table.copy()
    table["filepath"] = table["filepath"].astype("str")  # of no rows the type is anything
    for name in TEXT:
        if name in table:
            table[name] = pd.Series(
                [None if _empty(v) else str(v) for v in table[name]], table.index, dtype=object
            )
    for name in WHOLE:
        if name in table:
            table[name] = _whole(_column(table, name), path)
    for name, limits in NUMBERS.items():
        if name in table:
            table[name] = _number(_column(table, name), path, limits)
    if "esc10" in table:
        table["esc10"] = _boolean(_column(table, "esc10"), path)
    for name in table.columns:
        if name not in STANDARD:
            table[name] = stable_type(_column(table, name))
    try:
        SCHEMA.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        case = error.failure_cases.iloc[0]
        raise MetadataError(
            f"{path}, row {case['index']}, column {case['column']!r}: found "
            f"{case['failure_case']!r}, expected {case['check']}. Correct the cell."
        ) from error
    return table


def refuse_duplicates(table: pd.DataFrame, path: Path) -> None:
    """Check that no two rows speak of the same file.

    Raises:
        MetadataError: naming the rows.
    """
    again = table["filepath"].duplicated(keep=False)
    if again.any():
        name = table.loc[again, "filepath"].iloc[0]
        rows = [str(row) for row in table.index[table["filepath"] == name]][:5]
        raise MetadataError(
            f"{path}, rows {', '.join(rows)}: {name!r} is named more than once, expected one row "
            "per recording. Join the rows, or move annotations to a table of their own."
        )


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return pd.Series(table[name], name=name)


def _empty(value: object) -> bool:
    return value is None or value is pd.NA or value != value or str(value).strip() == ""


def _cell(path: Path, row: object, column: object, found: object, expected: str) -> MetadataError:
    return MetadataError(
        f"{path}, row {row}, column {column!r}: found {found!r}, expected {expected}. "
        "Correct the cell or leave it empty."
    )


def _missing(value: object) -> bool:
    return _empty(value) or str(value).strip().lower() in EMPTY


def _whole(column: pd.Series, path: Path) -> pd.Series:
    values: list[int | None] = []
    for row, value in column.items():
        if _missing(value):
            values.append(None)
            continue
        try:
            values.append(_exactly(str(value)))
        except (ValueError, OverflowError):
            raise _cell(path, row, column.name, value, "a whole number") from None
    return pd.Series(values, column.index, dtype="Int64", name=column.name)


def _exactly(text: str) -> int:
    """A whole number, as written.

    Raises:
        ValueError, OverflowError: when it is none, or one that a float does not keep.
    """
    number = float(text)
    if number != int(number) or abs(number) >= 2**53:
        raise ValueError(text)
    return int(number)


def _number(column: pd.Series, path: Path, limits: tuple[float, float]) -> pd.Series:
    low, high = limits
    values: list[float] = []
    for row, value in column.items():
        if _missing(value):
            values.append(float("nan"))
            continue
        expected = f"degrees from {low:g} to {high:g}"
        try:
            number = float(str(value))
        except ValueError:
            raise _cell(path, row, column.name, value, expected) from None
        if not low <= number <= high:
            raise _cell(path, row, column.name, value, expected)
        values.append(number)
    return pd.Series(values, column.index, dtype="float64", name=column.name)


def _boolean(column: pd.Series, path: Path) -> pd.Series:
    values: list[bool | None] = []
    for row, value in column.items():
        text = str(value).strip().lower()
        if _missing(value):
            values.append(None)
        elif text in TRUE or text in FALSE:
            values.append(text in TRUE)
        else:
            raise _cell(path, row, column.name, value, "true or false")
    return pd.Series(values, column.index, dtype="boolean", name=column.name)
