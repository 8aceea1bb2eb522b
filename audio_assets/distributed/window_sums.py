"""Vectors of whole windows from inputs that come in any order, each exactly once."""

from __future__ import annotations

import numpy as np


class WindowSums:
    """Joins the inputs of windows, and refuses none or two of a kind.

    The inputs of a window are summed in the order of their first frames in float64, as the local
    engine does, so that the mean does not depend on which node was quicker.
    """

    def __init__(self) -> None:
        self._parts: dict[int, dict[int, np.ndarray]] = {}
        self._done: set[int] = set()
        self.repeated = 0

    def add(
        self, windows: np.ndarray, counts: np.ndarray, starts: np.ndarray, vectors: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take the vectors of inputs; one that came before is dropped and counted.

        Args:
            windows: int64 [n], the window of each input.
            counts: int64 [n], inputs of that window altogether.
            starts: int64 [n], first frame of each input.
            vectors: float32 [n, dim].

        Returns:
            Windows that are now complete, int64 [w], and their vectors, float32 [w, dim].
        """
        ids: list[int] = []
        means: list[np.ndarray] = []
        rows = zip(windows.tolist(), counts.tolist(), starts.tolist(), vectors, strict=True)
        for window, count, start, vector in rows:
            parts = self._parts.setdefault(window, {})
            if window in self._done or start in parts:
                self.repeated += 1
            else:
                parts[start] = vector
                if len(parts) == count:
                    ids.append(window)
                    means.append(_mean(parts))
                    self._done.add(window)
            if window in self._done:
                del self._parts[window]
        shape = (len(means), vectors.shape[1])
        return np.array(ids, np.int64), np.array(means, np.float32).reshape(shape)

    def __contains__(self, window: int) -> bool:
        return window in self._done


def _mean(parts: dict[int, np.ndarray]) -> np.ndarray:
    """Mean over the inputs of one window, float32 [dim]; the vector itself where it has one."""
    vectors = [parts[start] for start in sorted(parts)]
    if len(vectors) == 1:
        return vectors[0].copy()
    total = np.zeros(len(vectors[0]))
    for vector in vectors:
        total = total + vector
    return (total / len(vectors)).astype(np.float32)
