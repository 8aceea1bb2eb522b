"""Labels that people give to windows, many at once: who, when and why, kept in `data/edits`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audio_assets.catalogue.editing import append_edits, fitting
from audio_assets.errors import MetadataError
from audio_assets.home import Home
from audio_assets.orchestration.edits import read_edits
from audio_assets.recordings.windows import grid_of
from audio_assets.storage import read_parquet_schema

LONGEST_LABEL = 200


@dataclass(frozen=True)
class LabelEdit:
    """The last label that a person gave to a window or to its recording.

    Attributes:
        label: the text; None where it was taken away.
        edited: when, ISO 8601 in UTC.
        by: who; None where that was not said.
        origin: what it followed from, such as "cluster 3 (tiny-mae)".
    """

    label: str | None
    edited: str | None
    by: str | None
    origin: str | None


def label_windows(
    home: Home,
    folder: str,
    windows: Iterable[tuple[str, str]],
    label: str | None,
    *,
    by: str,
    origin: str,
) -> int:
    """Give windows a label; it is seen by the next run and survives every one after it.

    In a folder of clips, where the window is the recording, the recording gets the label, so that
    the metadata, the API and the exports all have it. In a folder of sliding windows each window
    gets its own.

    Args:
        home: holds the edits.
        folder: key of the folder.
        windows: (window id, path of its recording) of each.
        label: the text; None takes the label away.
        by: who says so.
        origin: what it followed from.

    Returns:
        How many windows.

    Raises:
        MetadataError: the label is empty, too long or no text.
        StorageError: the edits cannot be written, or the folder was never read.
    """
    value = _checked(home, folder, label)
    clips = _of_clips(home, folder)
    facts: dict[str, Any] = {
        "column": "label", "value": value, "edited": datetime.now(UTC).isoformat(),
        "by": by.strip()[:LONGEST_LABEL] or "unknown", "origin": origin,
    }  # fmt: skip
    lines = [
        json.dumps(
            {"path": path, **({} if clips else {"window_id": window}), **facts}, ensure_ascii=False
        )
        for window, path in windows
    ]
    if lines:
        append_edits(home, folder, lines)
    return len(lines)


def label_edits(home: Home, folder: str) -> dict[str, LabelEdit]:
    """The last edit of each label, by window id or, for whole recordings, by path."""
    return {
        edit.get("window_id") or edit["path"]: LabelEdit(
            edit["value"], edit.get("edited"), edit.get("by"), edit.get("origin")
        )
        for edit in read_edits(home, folder)
        if edit["column"] == "label"
    }


def _checked(home: Home, folder: str, label: str | None) -> str | None:
    text = None if label is None else " ".join(label.split())
    if text is not None and not 1 <= len(text) <= LONGEST_LABEL:
        raise MetadataError(f"A label has 1 to {LONGEST_LABEL} characters; this one {len(text)}.")
    return str(fitting(home, folder, {"label": text}, {})["label"]) if text is not None else None


def _of_clips(home: Home, folder: str) -> bool:
    schema = read_parquet_schema(home.asset("raw_audio", folder=folder))
    return grid_of(schema.empty_table()).policy == "clip"
