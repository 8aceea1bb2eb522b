"""Which file beside them SigMF metadata name as their samples (`core:dataset`)."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from audio_assets.radio.metadata import BIGGEST_BYTES
from audio_assets.radio.names import ARCHIVE, NUMPY, RAW, extension


def can_be_named(name: str) -> bool:
    """Whether metadata may name a file of that name: raw samples, an array or an archive."""
    return extension(name) in RAW | {NUMPY, ARCHIVE}


def dataset_name(meta: Path) -> str | None:
    """What metadata name; None where that is no file name, or where they cannot be read.

    They are read once while their file keeps size and time.
    """
    try:
        status = meta.stat()
        return _name(meta, status.st_size, status.st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=4096)
def _name(meta: Path, size: int, _time: int) -> str | None:
    if size > BIGGEST_BYTES:
        return None
    try:
        tree: Any = json.loads(meta.read_bytes().decode("utf-8-sig"))
        name = tree["global"]["core:dataset"]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
    return name if isinstance(name, str) and name == Path(name).name else None
