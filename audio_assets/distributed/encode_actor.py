"""The model's half on Ray Data: an actor that loads the checkpoint once and encodes batches."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from audio_assets.distributed.read_task import Rows
from audio_assets.encoding.batches import WindowEncoder, rows_per_call
from audio_assets.encoding.protocols import InputEncoder
from audio_assets.encoding.vector_checks import VectorChecks


class EncodeActor:
    """Holds a model; every call to it has the same number of rows, as in the local engine.

    A vector then depends on its own input alone, whatever batch, actor or node it came to.
    """

    def __init__(self, load: Callable[[], InputEncoder], batch_size: int) -> None:
        """Load the model.

        Args:
            load: gives the encoder; called once per actor.
            batch_size: rows per call wanted.
        """
        self._encoder = load()
        self._rows = rows_per_call(self._encoder, batch_size)
        self._checks = VectorChecks()

    def __call__(self, batch: Rows) -> Rows:
        """Encode what `ReadTask` made.

        Args:
            batch: its rows, of any number of jobs.

        Returns:
            `window`, `count`, `start`, `path`, `reason` as given, `vector` float32 [n, dim] (zeros
            where there is a reason), `seconds` float64 [n, 4], encoding last, `calls` int64 [n].

        Raises:
            EncodingError: a vector is not finite, or vectors are constant.
        """
        started = time.perf_counter()
        good = np.flatnonzero(np.asarray(batch["reason"]) == "")
        vectors = np.zeros((len(batch["window"]), self._encoder.dim), np.float32)
        encoder = WindowEncoder(self._encoder, self._rows)
        if len(good):
            inputs = np.ascontiguousarray(batch["inputs"][good])
            one = np.ones(len(good), np.int64)
            calls = [*encoder.add(good, one, inputs), *encoder.finish()]
            for call in calls:
                vectors[call.windows] = call.vectors
            self._checks.check(inputs, vectors[good], lambda i: _name(batch, int(good[i])))
            self._checks.settle()
        seconds = np.zeros((len(vectors), 4))
        seconds[:, :3] = batch["seconds"]
        counts = np.zeros(len(vectors), np.int64)
        if len(vectors):
            seconds[0, 3], counts[0] = time.perf_counter() - started, encoder.calls
        names = ("window", "count", "start", "path", "reason")
        kept = {name: np.asarray(batch[name]) for name in names}
        return {**kept, "vector": vectors, "seconds": seconds, "calls": counts}


def _name(batch: Rows, row: int) -> tuple[str, str]:
    """Where an input is, for an error: (its place, its path)."""
    return f"at frame {int(batch['start'][row])}", str(batch["path"][row])
