"""One recording as people look it up: its file, its verdict, its metadata with all edits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from audio_assets.bounding_box import BoundingBox

STRUCTURAL = frozenset({"path", "filename", "start_time"})
"""Columns of the metadata table that an entry holds as fields of its own."""


@dataclass(frozen=True)
class Entry:
    """One path of one folder.

    Attributes:
        recording_id: SHA-256 of the bytes; None where the file could not be read.
        folder: the folder's key.
        path: relative to the folder, '/' separated.
        bytes: size of the file.
        sample_rate: in Hz.
        channels: number of channels.
        duration_s: in seconds, as decoded.
        format: libsndfile's name of the container.
        subtype: libsndfile's name of the encoding.
        start_time: UTC, edits included; None when unknown.
        status: `ok`, `failed` or `duplicate`.
        warning: what is odd about it.
        reason: why it failed.
        duplicate_of: path of the first file with these bytes.
        ingested: whether a run has seen it; else it was only uploaded or registered so far.
        mtime_ns: modification time of the file when it was looked at; None when not known.
        metadata: every other column that has a value.
    """

    recording_id: str | None
    folder: str
    path: str
    bytes: int
    sample_rate: int | None
    channels: int | None
    duration_s: float | None
    format: str | None
    subtype: str | None
    start_time: datetime | None
    status: str
    warning: str | None
    reason: str | None
    duplicate_of: str | None
    ingested: bool
    mtime_ns: int | None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Unique, and the order of lists: folder, then path."""
        return f"{self.folder}/{self.path}"

    @property
    def name(self) -> str:
        """The name that people know it by: that of the upload, else the file's own."""
        return str(self.metadata.get("original_name") or self.path.rpartition("/")[2])

    def in_box(self, box: BoundingBox) -> bool:
        """Whether its place is known and lies in a box."""
        return box.contains(self.metadata.get("lat"), self.metadata.get("lon"))


@dataclass(frozen=True)
class EntryFilter:
    """Which entries are wanted; an empty field leaves nothing out.

    Attributes:
        folders: keys.
        labels: values of the column `label`.
        status: `ok`, `failed` or `duplicate`.
        since: only what was still recording at or after this time.
        before: only what began before this time.
        box: places.
    """

    folders: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    status: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    box: BoundingBox | None = None

    def keeps(self, entry: Entry) -> bool:
        """Whether an entry passes; one without a time or place fails a filter on it."""
        return (
            (not self.folders or entry.folder in self.folders)
            and (not self.labels or entry.metadata.get("label") in self.labels)
            and self.status in (None, entry.status)
            and self._in_time(entry)
            and (self.box is None or entry.in_box(self.box))
        )

    def _in_time(self, entry: Entry) -> bool:
        if self.since is None and self.before is None:
            return True
        if entry.start_time is None:
            return False
        end = entry.start_time + timedelta(seconds=entry.duration_s or 0.0)
        return (self.since is None or end > self.since) and (
            self.before is None or entry.start_time < self.before
        )
