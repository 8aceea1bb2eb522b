"""Pictures and tables for asset metadata, small enough for Dagster's event log."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import dagster as dg

IMAGE_BYTES = 50_000  # the whole text is kept in every event row


def image(content: bytes, alt: str, kind: Literal["png", "jpeg"] = "png") -> dg.MetadataValue:
    """A picture inside Markdown, or a note when it is too large for the event log."""
    if len(content) > IMAGE_BYTES:
        return dg.MetadataValue.md(f"{alt}: {len(content):,} bytes, more than the log should hold.")
    data = base64.b64encode(content).decode()
    return dg.MetadataValue.md(f"![{alt}](data:image/{kind};base64,{data})")


def counts(values: Iterable[Any], name: str, limit: int = 100) -> dg.MetadataValue:
    """How often each value occurs, the most frequent first."""
    rows = [
        {name: "(none)" if value is None else str(value), "count": count}
        for value, count in Counter(values).most_common(limit)
    ]
    return _table(rows, {name: "string", "count": "int"})


def rows(
    records: Sequence[Mapping[str, Any]], columns: Sequence[str], limit: int = 50
) -> dg.MetadataValue:
    """The first records as a table of text."""
    shown = [{c: str(r.get(c) or "") for c in columns} for r in records[:limit]]
    return _table(shown, dict.fromkeys(columns, "string"))


def _table(records: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> dg.MetadataValue:
    schema = dg.TableSchema([dg.TableColumn(name, kind) for name, kind in types.items()])
    return dg.MetadataValue.table([dg.TableRecord(dict(r)) for r in records], schema)
