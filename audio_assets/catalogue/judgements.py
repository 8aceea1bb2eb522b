"""Is a window of a class or not: what people said, kept in `data/edits` with who and when.

A window can be of several classes, so every class has a column of its own, `is_<class>`, with the
values "yes" and "no". In a folder of clips it is a column of the recordings like any other.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from audio_assets.catalogue.editing import append_edits, fitting
from audio_assets.errors import MetadataError
from audio_assets.home import Home
from audio_assets.orchestration.edits import read_edits
from audio_assets.recordings.windows import grid_of
from audio_assets.storage import read_parquet_schema

Answer = Literal["yes", "no"]

PREFIX = "is_"
LONGEST_CLASS = 100
LONGEST_COLUMN = 48


@dataclass(frozen=True)
class Judged:
    """What was last said about one window (or recording) and one class.

    Attributes:
        answer: "yes" or "no"; None where it was taken back.
        by: who said so.
        edited: when, ISO 8601 in UTC.
    """

    answer: Answer | None
    by: str | None
    edited: str | None


def judge(
    home: Home,
    folder: str,
    name: str,
    answers: Mapping[tuple[str, str], Answer | None],
    *,
    by: str,
    settles: bool = False,
) -> int:
    """Say of windows whether they are of a class; what others said before stays in the record.

    All of it is one append under a lock between processes: several people at once lose nothing.

    Args:
        home: holds the edits.
        folder: key of the folder.
        name: the class, as people call it.
        answers: (window id, path of its recording) → "yes", "no", or None to take back.
        by: who says so.
        settles: this decides where people disagreed; what was said before does not count as a
            disagreement any more.

    Returns:
        How many.

    Raises:
        MetadataError: the class has no usable name, or its column holds something else.
        StorageError: the edits cannot be written, or the folder was never read.
    """
    name, column = class_name(name), column_of(name)
    fitting(home, folder, {column: "yes"}, {})
    clips = is_of_clips(home, folder)
    facts: dict[str, Any] = {
        "column": column, "class": name, "by": by, "origin": "label a few",
        "edited": datetime.now(UTC).isoformat(), **({"settles": True} if settles else {}),
    }  # fmt: skip
    lines = [
        json.dumps(
            {"path": path, **({} if clips else {"window_id": window}), "value": answer, **facts},
            ensure_ascii=False,
        )
        for (window, path), answer in answers.items()
    ]
    if lines:
        append_edits(home, folder, lines)
    return len(lines)


def judgements(edits: list[dict[str, Any]], name: str) -> dict[str, Judged]:
    """The last word on each window, by window id or, for whole recordings, by path.

    Args:
        edits: of the folder, oldest first (`read_edits`).
        name: the class.
    """
    column = column_of(name)
    return {
        edit.get("window_id") or edit["path"]: Judged(
            edit["value"] if edit["value"] in ("yes", "no") else None,
            edit.get("by"),
            edit.get("edited"),
        )
        for edit in edits
        if edit["column"] == column
    }


def judged_classes(edits: list[dict[str, Any]]) -> list[str]:
    """Names of the classes that somebody has judged, sorted; the newest spelling of each."""
    names = {e["column"]: e["class"] for e in edits if isinstance(e.get("class"), str)}
    return sorted(n for column, n in names.items() if column.startswith(PREFIX))


def edits_of(home: Home, folder: str) -> list[dict[str, Any]]:
    """Every edit of a folder, the oldest first.

    Raises:
        MetadataError: one cannot be read.
    """
    return read_edits(home, folder)


def class_name(name: str) -> str:
    """The name without surplus blanks.

    Raises:
        MetadataError: it is empty or too long.
    """
    cleaned = " ".join(name.split())
    if not 1 <= len(cleaned) <= LONGEST_CLASS or not cleaned.isprintable():
        raise MetadataError(
            f"Name what you are looking for, in 1 to {LONGEST_CLASS} characters; found "
            f"{cleaned[:40]!r}."
        )
    return cleaned


def column_of(name: str) -> str:
    """The column of a class: the same for names that differ in case or punctuation only."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    ascii_only = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    lost = not plain.isascii()
    if lost or len(ascii_only) > LONGEST_COLUMN or not ascii_only:
        digest = hashlib.sha256(plain.encode()).hexdigest()[:6]
        ascii_only = f"{ascii_only[:LONGEST_COLUMN].strip('_')}_{digest}".strip("_")
    return PREFIX + ascii_only


def is_of_clips(home: Home, folder: str) -> bool:
    """Whether a window of the folder is a whole recording.

    Raises:
        StorageError: the folder was never read.
    """
    schema = read_parquet_schema(home.asset("raw_audio", folder=folder))
    return grid_of(schema.empty_table()).policy == "clip"
