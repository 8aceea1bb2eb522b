"""One progress bar for the whole project: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from contextvars import ContextVar
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

stream: ContextVar[TextIO | None] = ContextVar("progress_stream", default=None)
"""Where bars are drawn; set by the runner, because Dagster captures file descriptor 2."""

quiet: ContextVar[bool] = ContextVar("progress_quiet", default=False)


class Progress:
    """Counts finished items of one stage.

    On a terminal and in a notebook a tqdm bar; elsewhere a line at the start, at most one every ten
    seconds, and one at the end. Use as a context manager and call `update`.
    """

    def __init__(self, total: int, description: str, unit: str = "it") -> None:
        self.total, self.description, self.unit = total, description, unit
        self.done = 0
        self._out = stream.get() or sys.stderr
        self._notebook = type(self._out).__module__.startswith("ipykernel")
        if self._notebook:
            self._out = sys.stdout  # notebooks paint the other one like an error
        self._silent = quiet.get()
        self._bar: tqdm | None = None
        self._started = self._last = time.monotonic()

    def __enter__(self) -> Self:
        if not self._silent and (self._notebook or self._out.isatty()):
            self._bar = tqdm(
                total=self.total, desc=self.description, unit=self.unit, file=self._out,
                leave=True, mininterval=0.2, dynamic_ncols=True,
            )  # fmt: skip
        return self

    def update(self, count: int = 1) -> None:
        """Add `count` finished items."""
        self.done += count
        if self._bar is not None:
            self._bar.update(count)
        elif not self._silent and time.monotonic() - self._last > 10:
            self._last = time.monotonic()
            print(f"{self.description}: {self.done}/{self.total} {self.unit}", file=self._out)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif not self._silent and self.total:
            seconds = time.monotonic() - self._started
            print(
                f"{self.description}: {self.done}/{self.total} {self.unit} in {seconds:.1f} s",
                file=self._out,
            )
