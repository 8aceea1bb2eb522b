"""Text that is safe in one cell of the file it goes to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMULA = re.compile(r"\s*[=+\-@]|[\t\r\n]")
"""What makes a spreadsheet program compute a cell's text instead of showing it."""

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
"""Plain numbers, which are computed without harm: a `-5` stays one."""

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def one_line(value: Any) -> str:
    """Text without tabs, line ends and other control characters; "" for a missing value.

    Label files have no way to quote: one such character would shift every column behind it.
    """
    if value is None or value != value:
        return ""
    return CONTROL.sub(" ", str(value)).strip()


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose texts no spreadsheet takes for a formula: those get an apostrophe in front.

    Metadata come from strangers, and `=HYPERLINK(…)` in a label would otherwise run where a CSV is
    opened. Numbers are left alone, as text too; Parquet keeps every text as it is.
    """
    safe = frame.copy(deep=False)
    for column in safe.columns:
        if safe[column].dtype.kind == "O" or str(safe[column].dtype) in ("str", "string"):
            safe[column] = [_plain_text(value) for value in safe[column]]
    safe.columns = [_plain_text(str(name)) for name in safe.columns]
    return safe


def _plain_text(value: Any) -> Any:
    if not isinstance(value, str) or not FORMULA.match(value) or NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def tab_separated(rows: Iterable[Iterable[str]]) -> bytes:
    """Lines of tab-separated cells, never quoted; cells come from `one_line` or are numbers."""
    return "".join("\t".join(row) + "\n" for row in rows).encode("utf-8", "replace")
