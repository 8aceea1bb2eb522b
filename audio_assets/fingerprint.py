"""A file's fingerprint by its status alone: equal means untouched."""

from __future__ import annotations

from pathlib import Path


def file_fingerprint(path: Path) -> str:
    """Size, times and inode of one file or directory; "absent" where there is none."""
    try:
        status = path.stat()
    except OSError:
        return "absent"
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
