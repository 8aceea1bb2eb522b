"""Types of columns from SigMF metadata: the same whichever recordings of a folder have a value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

WHOLE = 2**63
EXACT = 2**53
"""From here on a float does not keep every whole number."""


def typed_columns(keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table of boolean, Int64, float64 and text columns.

    Args:
        keys: of the rows; they become the index `filepath`.
        rows: plain values by column, where there are any.
    """
    import pandas as pd

    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: typed([row.get(name) for row in rows]) for name in names}
    table = pd.DataFrame(columns, index=range(len(keys)))
    return table.set_index(pd.Index(keys, name="filepath"))


def typed(values: Sequence[Any]) -> pd.Series:
    """One column; values of types that do not go together, and numbers too long, become text."""
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    longest = max((abs(v) for v in values if type(v) is int), default=0)
    if kinds == {bool}:
        return pd.Series(list(values), dtype="boolean")
    if kinds == {int} and longest < WHOLE:
        return pd.Series(list(values), dtype="Int64")
    if kinds in ({float}, {int, float}) and longest <= EXACT:
        return pd.Series([float("nan") if v is None else float(v) for v in values], dtype="float64")
    return pd.Series([as_text(value) for value in values], dtype=object)


def as_text(value: Any) -> str | None:
    """A plain value as the metadata write it; None of nothing."""
    if value is None or value != value:
        return None
    return value if isinstance(value, str) else json.dumps(value, default=str)
