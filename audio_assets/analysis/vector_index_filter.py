"""Filters of the vector index as SQL: only known columns, every value a quoted literal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from audio_assets.errors import UsageError


def condition(
    columns: Sequence[str],
    where: Mapping[str, Any] | None = None,
    *,
    among: Sequence[str] | None = None,
    leave_out: Sequence[str] = (),
) -> str | None:
    """The SQL condition of a filter; None where everything may be found.

    Args:
        columns: that exist.
        where: column → the value wanted (None: no value), a list of them, or a (least, most) tuple
            of which either may be None.
        among: the only window ids; None for all.
        leave_out: window ids that may not be found.

    Raises:
        UsageError: an unknown column, or a value of another kind.
    """
    parts = [_one(columns, name, wanted) for name, wanted in (where or {}).items()]
    if among is not None:
        parts.append(f"window_id IN ({_listed(among)})" if len(among) else "false")
    if len(leave_out):
        parts.append(f"window_id NOT IN ({_listed(leave_out)})")
    return " AND ".join(parts) or None


def _one(columns: Sequence[str], name: str, wanted: Any) -> str:
    if name not in columns or "`" in name:
        raise UsageError(f"There is no column {name!r} to filter by. There are: {list(columns)}.")
    column = f"`{name}`"
    if wanted is None:
        return f"{column} IS NULL"
    if isinstance(wanted, tuple):
        least, most = wanted
        bounds = [f"{column} >= {_literal(least)}"] if least is not None else []
        bounds += [f"{column} <= {_literal(most)}"] if most is not None else []
        return f"({' AND '.join(bounds)})" if bounds else "true"
    if isinstance(wanted, list):
        return f"{column} IN ({_listed(wanted)})" if wanted else "false"
    return f"{column} = {_literal(wanted)}"


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(_literal(value) for value in values)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and value == value and abs(value) != float("inf"):
        return repr(value)
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise UsageError(f"{value!r} cannot be filtered by: expected text, a number or true or false.")
