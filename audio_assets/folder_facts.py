"""Which path belongs to which recording of a folder, and which label to which path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audio_assets.errors import NotMaterializedError
from audio_assets.storage import read_parquet


@dataclass(frozen=True)
class Paths:
    """Paths of a folder's recordings.

    Attributes:
        first: recording id → its path; of several with the same bytes, the one that is encoded.
        recording: path → recording id, duplicates included.
    """

    first: Mapping[str, str]
    recording: Mapping[str, str]


def read_paths(recordings: Path, folder: str) -> Paths:
    """Read them from the table of recordings.

    Raises:
        NotMaterializedError: the folder was never read.
    """
    if not recordings.is_file():
        raise NotMaterializedError(f"Folder {folder!r} was never read. Run it first.")
    rows = read_parquet(recordings, ["recording_id", "path", "status"]).to_pylist()
    return Paths(
        {row["recording_id"]: row["path"] for row in rows if row["status"] == "ok"},
        {row["path"]: row["recording_id"] for row in rows if row["status"] != "failed"},
    )


def read_labels(metadata: Path) -> dict[str, str | None]:
    """The folder's own label of each path; empty where there is no table."""
    if not metadata.is_file():
        return {}
    table = read_parquet(metadata, ["path", "label"])
    return dict(zip(table["path"].to_pylist(), table["label"].to_pylist(), strict=True))


def stamp(path: Path) -> tuple[int, int, int]:
    """Changes whenever a file does; zeros where there is none."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_ino, status.st_size)
