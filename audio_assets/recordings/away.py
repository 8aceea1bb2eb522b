"""Folders whose disk is not there: their recordings were not deleted."""

from __future__ import annotations

from pathlib import Path


def is_away(root: Path) -> bool:
    """Whether a folder that held recordings is gone, or empty: a place where no disk is mounted."""
    try:
        return next(root.iterdir(), None) is None
    except (FileNotFoundError, NotADirectoryError):
        return True
