"""Checks that stop wrong vectors before anything is written: not finite, or constant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audio_assets.errors import EncodingError

CLEARLY_DIFFERENT = 0.98
"""Correlation of two inputs below which they are clearly different sounds."""
SAME = 1e-6
"""Relative difference up to which two vectors are the same."""


class VectorChecks:
    """Looks at every batch; a wrong embedding tensor gives one constant vector (anchors §3.1).

    Inputs are compared by correlation, because a model may rightly ignore gain and offset; silent
    inputs do not count.
    """

    def __init__(self) -> None:
        self._input: np.ndarray | None = None
        self._vector: np.ndarray | None = None
        self._inputs_differ = self._vectors_differ = False

    def check(
        self, inputs: np.ndarray, vectors: np.ndarray, name: Callable[[int], tuple[str, str]]
    ) -> None:
        """Look at one batch.

        Args:
            inputs: [m, *output_shape], model-ready.
            vectors: float32 [m, dim], of each input.
            name: window id and path of the i-th input.

        Raises:
            EncodingError: a vector is not finite, or inputs that clearly differ gave one vector.
        """
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(bad):
            window_id, path = name(int(bad[0]))
            raise EncodingError(
                f"The vector of window {window_id} of {path} is not finite (NaN or infinite), as "
                f"are {len(bad) - 1} more of its batch. Nothing was published. Set "
                "AUDIO_ASSETS_PRECISION=fp32; if that does not help, the checkpoint cannot encode "
                "this sound."
            )
        if not self._vectors_differ:
            self._compare(inputs, vectors)

    def _compare(self, inputs: np.ndarray, vectors: np.ndarray) -> None:
        if len(vectors):
            first = vectors[0] if self._vector is None else self._vector
            self._vector = first.copy()
            size = max(float(np.abs(first).max()), np.finfo(np.float32).tiny)
            self._vectors_differ = bool((np.abs(vectors - first) > SAME * size).any())
        for row in inputs if not self._inputs_differ else ():
            shape = _shape_of(row)
            if shape is None:
                continue
            if self._input is None:
                self._input = shape
            elif float(shape @ self._input) < CLEARLY_DIFFERENT:
                self._inputs_differ = True
                break

    def settle(self) -> None:
        """Called before vectors are kept.

        Raises:
            EncodingError: all vectors so far are one, for inputs that clearly differ.
        """
        if self._inputs_differ and self._vector is not None and not self._vectors_differ:
            raise EncodingError(
                "The checkpoint gives constant vectors: clearly different sounds got the same one. "
                "Nothing was published. Its embedding tensor or its weights are wrong; "
                "`audio-assets models list` shows what is known about it."
            )


def _shape_of(row: np.ndarray) -> np.ndarray | None:
    """An input without offset and gain, float32 [n] of norm 1; None when it is silent."""
    values = np.asarray(row, np.float32).ravel()
    values = values - values.mean()
    norm = float(np.linalg.norm(values))
    return values / norm if norm > 1e-6 * np.sqrt(len(values)) else None
