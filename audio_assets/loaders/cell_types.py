"""Types of custom columns: stable, and never changing what a cell says."""

from __future__ import annotations

import pandas as pd


def stable_type(column: pd.Series) -> pd.Series:
    """Int64, float64, boolean or text: the narrowest that holds every cell without changing it.

    Numbers with leading zeros, plus signs or more digits than a float keeps stay text.
    """
    if not (column.dtype == object or pd.api.types.is_string_dtype(column)):
        return column
    cells = [None if v is None or v is pd.NA or v != v else v for v in column]
    texts = [v for v in cells if v is not None]
    if not texts or not all(isinstance(v, str) for v in texts):
        values = [None if v is None else (v if isinstance(v, str) else str(v)) for v in cells]
        return pd.Series(values, column.index, dtype=object, name=column.name)
    if all(_is_whole(v) for v in texts):
        whole = [None if v is None else int(v) for v in cells]
        return pd.Series(whole, column.index, dtype="Int64", name=column.name)
    if all(_is_float(v) for v in texts):
        floats = [float("nan") if v is None else float(v) for v in cells]
        return pd.Series(floats, column.index, dtype="float64", name=column.name)
    if {v.lower() for v in texts} <= {"true", "false"}:
        flags = [None if v is None else v.lower() == "true" for v in cells]
        return pd.Series(flags, column.index, dtype="boolean", name=column.name)
    return pd.Series(cells, column.index, dtype=object, name=column.name)


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    plain = digits.isascii() and digits.isdigit() and (digits == "0" or digits[0] != "0")
    return plain and len(digits) <= 18


def _is_float(text: str) -> bool:
    digits = text.removeprefix("-")
    if _is_whole(text):
        return True
    whole, _, rest = digits.partition(".")
    plain = whole.isascii() and whole.isdigit() and rest.isascii() and rest.isdigit()
    return plain and (whole == "0" or whole[0] != "0") and len(whole) + len(rest) <= 15
