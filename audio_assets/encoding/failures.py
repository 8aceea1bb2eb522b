"""Recordings that could not be encoded, with the reason that is shown beside the file."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Failures:
    """Paths and reasons; threads may add while others ask."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._lock = threading.Lock()

    def add(self, path: str, reason: str) -> None:
        """Keep the first reason of a path."""
        with self._lock:
            self._reasons.setdefault(path, reason)

    def __contains__(self, path: str) -> bool:
        return path in self._reasons

    def __len__(self) -> int:
        return len(self._reasons)

    def rows(self) -> list[dict[str, str]]:
        """[{path, reason}], sorted by path."""
        return [{"path": p, "reason": self._reasons[p]} for p in sorted(self._reasons)]

    def mask(self, paths: pa.ChunkedArray) -> np.ndarray:
        """Mask, bool [N], true where the path failed."""
        failed = pa.array(sorted(self._reasons), pa.string())
        options = pc.SetLookupOptions(value_set=failed)
        return (
            pc.call_function("is_in", [paths], options).to_numpy(zero_copy_only=False).astype(bool)
        )
