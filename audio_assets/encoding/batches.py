"""Batches across recordings: every call to the encoder has the same number of rows.

Matrix libraries choose another kernel, and so other last bits, for another number of rows (measured
here: bfloat16 gives other bits for 1 or 3 rows than for 8, 16 or 32; float32 does not; neither
depends on the other rows' content or order). So the encoder always gets exactly `rows_per_call`
rows, the last call padded with zeros; then a vector depends on its own input alone, and a resumed
run equals an undisturbed one bit for bit, whatever each had left to do.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from audio_assets.encoding.protocols import InputEncoder
from audio_assets.errors import EncodingError

ROWS_ON_CPU = 8
"""Enough rows to keep a CPU busy (8 x 197 tokens), few enough to pad one new clip to."""


def rows_per_call(encoder: InputEncoder, batch_size: int) -> int:
    """Rows of every call: `batch_size`, on a CPU at most `ROWS_ON_CPU`."""
    device = str(getattr(encoder, "device", "cpu"))
    return min(batch_size, ROWS_ON_CPU) if device.startswith("cpu") else batch_size


@dataclass(frozen=True)
class Call:
    """One call of the encoder, without its padding.

    Attributes:
        inputs: [m, *output_shape].
        input_windows: int64 [m], the window of each input.
        input_vectors: float32 [m, dim].
        windows: int64 [w], windows that are complete with this call.
        vectors: float32 [w, dim], theirs.
    """

    inputs: np.ndarray
    input_windows: np.ndarray
    input_vectors: np.ndarray
    windows: np.ndarray
    vectors: np.ndarray


class WindowEncoder:
    """Turns a stream of inputs into the vectors of whole windows.

    A window of several inputs gets their mean, summed one by one in float64, so that it does not
    depend on where batches were cut.
    """

    def __init__(self, encoder: InputEncoder, rows: int) -> None:
        """Prepare.

        Args:
            encoder: the checkpoint's.
            rows: rows of every call to it.
        """
        self.encoder, self.rows = encoder, rows
        self.inputs = self.calls = 0
        self.seconds = 0.0
        transform = encoder.transform
        self._batch = np.zeros((rows, *transform.output_shape), transform.output_dtype)
        self._windows = np.empty(rows, np.int64)
        self._counts = np.empty(rows, np.int64)
        self._filled = 0
        self._sums: dict[int, tuple[np.ndarray, int]] = {}

    def add(self, windows: np.ndarray, counts: np.ndarray, arrays: np.ndarray) -> Iterator[Call]:
        """Take inputs and encode every batch that they fill.

        Args:
            windows: int64 [n], the window of each input.
            counts: int64 [n], inputs of that window altogether.
            arrays: [n, *output_shape].

        Yields:
            Calls of the encoder; to be used up before the next `add`.

        Raises:
            EncodingError: the encoder gave another shape than its card says.
        """
        at = 0
        while at < len(windows):
            n = min(self.rows - self._filled, len(windows) - at)
            here, there = slice(self._filled, self._filled + n), slice(at, at + n)
            self._batch[here] = arrays[there]
            self._windows[here], self._counts[here] = windows[there], counts[there]
            self._filled += n
            at += n
            if self._filled == self.rows:
                yield self._call()

    def finish(self) -> Iterator[Call]:
        """Encode what is left, padded with zeros to a whole batch."""
        if self._filled:
            yield self._call()

    def _call(self) -> Call:
        used = self._filled
        self._batch[used:] = 0
        started = time.perf_counter()
        vectors = np.asarray(self.encoder.encode_inputs(self._batch), np.float32)
        self.seconds += time.perf_counter() - started
        if vectors.shape != (self.rows, self.encoder.dim):
            raise EncodingError(
                f"The encoder gave {vectors.shape} for {self.rows} inputs; expected "
                f"({self.rows}, {self.encoder.dim}). Its card or its code is wrong."
            )
        self.calls += 1
        self.inputs += used
        self._filled = 0
        here = self._windows[:used].copy()
        windows, means = self._means(vectors[:used], here, self._counts[:used])
        return Call(self._batch[:used], here, vectors[:used], windows, means)

    def _means(
        self, vectors: np.ndarray, windows: np.ndarray, counts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Windows (int64 [w]) that are now complete, with their vectors float32 [w, dim]."""
        if (counts == 1).all():
            return windows, vectors
        ids: list[int] = []
        means: list[np.ndarray] = []
        for vector, window, count in zip(vectors, windows.tolist(), counts.tolist(), strict=True):
            total, seen = self._sums.pop(window, (np.zeros(len(vector)), 0))
            total, seen = total + vector, seen + 1
            if seen == count:
                ids.append(window)
                means.append((total / count).astype(np.float32))
            else:
                self._sums[window] = (total, seen)
        shape = (len(means), vectors.shape[1])
        return np.array(ids, np.int64), np.array(means, np.float32).reshape(shape)
