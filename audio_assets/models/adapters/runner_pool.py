"""Several runners of one model, one per worker thread, results in the order of the rows."""

from __future__ import annotations

import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from audio_assets.models.adapters.runner import Runner, RunnerFactory

ROWS_PER_JOB = 8
MOST_WORKERS = 16


def processor_count() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class RunnerPool:
    """Spreads rows over runners; runners are made when a thread first needs one.

    Neither TFLite interpreters nor TensorFlow children may be called by two threads at once, and
    inner threads do not help one model (measured): whole runners side by side do.
    """

    def __init__(self, factory: RunnerFactory, workers: int = 0) -> None:
        """Prepare; nothing is started.

        Args:
            factory: makes a runner.
            workers: runners at most; 0 takes one per processor.
        """
        self._factory = factory
        self.workers = min(workers or processor_count(), MOST_WORKERS)
        self._idle: queue.SimpleQueue[Runner] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._all: list[Runner] = []
        self._threads: ThreadPoolExecutor | None = None

    def run(self, rows: NDArray[np.float32], multiple: int = 1) -> list[NDArray[np.float32]]:
        """Run rows.

        Args:
            rows: float32 [B, …], B at least 1.
            multiple: rows per call of the model; jobs are multiples of it.

        Returns:
            The runner's arrays [B, …], rows in order.
        """
        size = max(multiple, ROWS_PER_JOB // multiple * multiple)
        if self.workers > 1:
            size = max(multiple, min(size, -(-len(rows) // self.workers // multiple) * multiple))
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        if len(parts) == 1 or self.workers == 1:
            results = [self._run(part) for part in parts]
        else:
            results = list(self._executor().map(self._run, parts))
        return [np.concatenate(arrays) for arrays in zip(*results, strict=True)]

    def close(self) -> None:
        """Stop the threads and free the runners."""
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None
        while self._all:
            self._all.pop().close()
        self._idle = queue.SimpleQueue()

    def _run(self, rows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        try:
            runner = self._idle.get_nowait()
        except queue.Empty:
            runner = self._factory()
            with self._lock:
                self._all.append(runner)
        try:
            return runner.run(rows)
        finally:
            self._idle.put(runner)

    def _executor(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="model")
            return self._threads
