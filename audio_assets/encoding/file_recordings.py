"""A recordings table of single files, for those who have a list of paths and no folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from audio_assets.encoding.pipeline import ordered_map
from audio_assets.encoding.protocols import ArrayTransform
from audio_assets.progress import Progress
from audio_assets.schemas import RECORDINGS


def recordings_of(
    paths: list[Path], known: pa.Table, transform: ArrayTransform, *, workers: int = 0
) -> pa.Table:
    """Verify files, and keep what is known of others.

    Args:
        paths: absolute paths.
        known: table of the RECORDINGS schema from an earlier call; rows whose size and time are
            those of the file are taken over, rows of other files stay while their file does.
        transform: its input's length becomes the grid's.
        workers: threads; 0 takes one per processor.

    Returns:
        Table of the RECORDINGS schema with a `clip` grid, sorted by path; paths are relative to the
        root of the file system. Unreadable files have status `failed` and a reason.
    """
    from audio_assets.recordings.windows import WindowGrid, with_grid

    rows = {row["path"]: row for row in known.to_pylist()}
    rows = {key: row for key, row in rows.items() if _unchanged(row, Path(paths[0].anchor) / key)}
    todo = {path.relative_to(path.anchor).as_posix(): path for path in paths}
    todo = {key: path for key, path in todo.items() if key not in rows}
    if todo:
        with Progress(len(todo), "reading recordings", "files") as progress:
            for row in ordered_map(_verified, todo.items(), workers=workers):
                rows[row["path"]] = row
                progress.update()
    ordered = [dict(rows[key]) for key in sorted(rows)]
    first: dict[str, str] = {}
    for row in ordered:
        if row["status"] != "failed":
            original = first.setdefault(row["recording_id"], row["path"])
            duplicate = original != row["path"]
            row["status"] = "duplicate" if duplicate else "ok"
            row["duplicate_of"] = original if duplicate else None
    seconds = transform.input_samples / transform.sample_rate
    grid = WindowGrid(policy="clip", window_s=seconds, hop_s=seconds)
    return with_grid(pa.Table.from_pylist(ordered, schema=RECORDINGS), grid)


def _verified(item: tuple[str, Path]) -> dict[str, Any]:
    from audio_assets.recordings.verdict import Verdict
    from audio_assets.recordings.verify_apart import verify_apart

    key, path = item
    nothing: dict[str, Any] = dict.fromkeys(RECORDINGS.names)
    try:
        status = path.stat()
    except OSError as error:
        reason = f"cannot be read: {(error.strerror or str(error)).lower()}"
        return {**nothing, "path": key, "bytes": 0, "status": "failed", "reason": reason}
    verdict = verify_apart(path, path.name) or Verdict(reason="unknown")
    times = {"mtime_ns": status.st_mtime_ns, "ctime_ns": status.st_ctime_ns}
    return {**nothing, **asdict(verdict), "path": key, "bytes": status.st_size, **times}


def _unchanged(row: dict[str, Any], path: Path) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    found = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found == (row["bytes"], row["mtime_ns"], row["ctime_ns"])
