"""Every moment of a run at which something becomes durable, and death at one of them.

The functions that make things durable (fsync and rename of files, writes to MongoDB, events stored
by Dagster) are counted in the process that runs. A reference run writes their names down; another
run is killed before, after or in the middle of the n-th.
"""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COLLECTION_WRITES = (
    "bulk_write", "insert_one", "insert_many", "update_one", "update_many", "replace_one",
    "delete_one", "delete_many",
)  # fmt: skip
SIDES = ("before", "during", "after")
TORN = "os.fsync"
"""Only here is "during" another state than "before": half of the bytes are there."""
NUMBERS = re.compile(r"[0-9a-f]{12,}|\d+")


@dataclass
class Event:
    """What happens before the `at`-th moment, counted from 0; the run goes on."""

    at: int
    happen: Callable[[], None]


@dataclass
class Death:
    """When to die: at the `at`-th moment, counted from 0, on one side of it."""

    at: int
    side: str


class Moments:
    """Counts moments; writes their names down or dies at one of them."""

    def __init__(
        self, death: Death | None = None, record: Path | None = None, event: Event | None = None
    ) -> None:
        self.death, self.event = death, event
        self.record = record.open("a") if record else None
        self.count = 0
        self.lock = threading.RLock()
        self.inside = threading.local()

    def install(self) -> None:
        """Wrap what makes things durable, in this process, for the rest of its life."""
        for name in ("replace", "rename", "link"):
            setattr(os, name, self._wrapped(f"os.{name}", getattr(os, name), _target))
        os.fsync = self._wrapped(TORN, os.fsync, _open_file, tear=_truncate)

        from pymongo.collection import Collection

        for name in COLLECTION_WRITES:
            method = getattr(Collection, name)
            setattr(Collection, name, self._wrapped(f"mongo.{name}", method, _collection))

        from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

        SqliteEventLogStorage.store_event = self._wrapped(
            "dagster.store_event", SqliteEventLogStorage.store_event, _event
        )

    def _wrapped(
        self,
        kind: str,
        function: Callable[..., Any],
        name: Callable[..., str],
        tear: Callable[..., None] | None = None,
    ) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if getattr(self.inside, "here", False):  # a moment inside of a moment is the same one
                return function(*args, **kwargs)
            self.inside.here = True
            try:
                number = self._next(kind, name(*args, **kwargs))
                if self.event is not None and self.event.at == number:
                    self.event.happen()
                if self._due(number, "before"):
                    die()
                if self._due(number, "during"):
                    if tear is not None:
                        tear(*args)
                    die()
                done = function(*args, **kwargs)
                if self._due(number, "after"):
                    die()
                return done
            finally:
                self.inside.here = False

        return call

    def _next(self, kind: str, name: str) -> int:
        with self.lock:
            number, self.count = self.count, self.count + 1
            if self.record:
                self.record.write(json.dumps({"kind": kind, "name": name}) + "\n")
                self.record.flush()
            return number

    def _due(self, number: int, side: str) -> bool:
        return self.death is not None and (self.death.at, self.death.side) == (number, side)


def sides_of(kind: str) -> tuple[str, ...]:
    """The sides of a kind of moment that are worth a trial.

    Before an event of Dagster's is what was after the moment that came before it.
    """
    if kind == TORN:
        return SIDES
    return SIDES[2:] if kind.startswith("dagster.") else (SIDES[0], SIDES[2])


def die() -> None:
    """As a power cut would have it for this process: no handler, no flush."""
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()  # until the signal arrives


def _target(*args: Any, **_: Any) -> str:
    return _general(os.fspath(args[1]))


def _open_file(*args: Any, **_: Any) -> str:
    return _general(str(Path(f"/proc/self/fd/{int(args[0])}").readlink()))


def _collection(*args: Any, **_: Any) -> str:
    return _general(args[0].name)


def _event(*args: Any, **_: Any) -> str:
    event = args[1].dagster_event
    return f"{event.event_type_value} {event.step_key or ''}" if event else "log"


def _truncate(descriptor: int) -> None:
    """Half of what was written reached the disk."""
    os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)


def _general(path: str) -> str:
    """Without what differs between runs."""
    return NUMBERS.sub("*", Path(path).name)
