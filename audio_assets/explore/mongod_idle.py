"""The watchdog of a home's mongod: `python -m audio_assets.explore.mongod_idle HOME SECONDS`.

It stops the server, cleanly, when no client was connected and none asked for it for that long. The
next client starts it again on the same port.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from filelock import Timeout
from pymongo.errors import PyMongoError

from audio_assets.errors import DatabaseError
from audio_assets.explore.mongod import locked, running, shut_down
from audio_assets.explore.mongod_use import note_use, other_clients, seconds_unused, watching
from audio_assets.home import Home

LOOK_S = 10.0

log = logging.getLogger(__name__)


def watch(home: Home, idle_s: float) -> None:
    """Stay until the server has ended, by us or otherwise; at once if another watchdog runs."""
    lock = watching(home)
    try:
        lock.acquire()
    except Timeout:
        return
    try:
        while lock.is_locked:
            time.sleep(min(LOOK_S, idle_s / 4))
            if not home.fiftyone.is_dir():
                return
            state = running(home)
            if state is None or _idle(home, state.port, idle_s):
                with locked(home):
                    if _stopped(home, idle_s):
                        # still under the home's lock: whoever starts the server next needs to
                        # find that nobody watches
                        lock.release()
    finally:
        lock.release()


def _idle(home: Home, port: int, idle_s: float) -> bool:
    """Whether nobody used it for so long; a connected client counts as use, all the time."""
    try:
        if other_clients(port):
            note_use(home)
            return False
    except PyMongoError:
        return False  # busy, or ending
    return seconds_unused(home) >= idle_s


def _stopped(home: Home, idle_s: float) -> bool:
    """Under the lock of the home: whether the server has ended, or was idle and is stopped now."""
    state = running(home)
    if state is None:
        return True
    if not _idle(home, state.port, idle_s):
        return False
    shut_down(home, state)
    return True


def main() -> None:
    """The command."""
    home, idle_s = Home(Path(sys.argv[1])), float(sys.argv[2])
    try:
        watch(home, idle_s)
    except DatabaseError as error:
        log.warning("%s", error)


if __name__ == "__main__":
    main()
