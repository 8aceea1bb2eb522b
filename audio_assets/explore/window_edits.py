"""What people said about single windows, put over what the tables say of their recordings."""

from __future__ import annotations

from typing import Any

from audio_assets.explore.columns import Column, SampleTable
from audio_assets.home import Home
from audio_assets.orchestration.edits import window_edits


def apply_window_edits(home: Home, folder: str, table: SampleTable) -> None:
    """Replace values of a table's label and text columns by those that people gave to windows.

    Raises:
        MetadataError: an edit cannot be read.
    """
    for name, values in window_edits(home, folder).items():
        column = table.columns.get(name)
        if column is None:  # nobody said it of a whole recording
            column = Column("string", [None] * len(table))
        if column.kind not in ("label", "string"):
            continue
        edited: list[Any] = [
            values.get(window, value)
            for window, value in zip(table.window_ids, column.values, strict=True)
        ]
        table.columns[name] = Column(column.kind, edited)
