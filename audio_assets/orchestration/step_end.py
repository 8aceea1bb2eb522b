"""A step's process ends when it is told to, and with the worker that started it.

Dagster interrupts a step once, by an exception. Anything may swallow that (a callback of the
interpreter, an import that does without what it lacks), and where it strikes a lock may stay taken,
that of the interpreter's imports for one. Such a step went on to its end, or hung for ever with
its folder's lock. And Dagster leaves the steps of a killed worker running: they would go on beside
those of the next attempt.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from functools import cache
from multiprocessing.process import BaseProcess

AGAIN_S = 10.0
KILL_S = 20.0


@cache
def end_when_told() -> None:
    """Let this process end soon after it was interrupted or its worker ended, when it is a step's.

    The interrupt is repeated after `AGAIN_S`, and the process killed `KILL_S` later: outputs are
    atomic, and finished work is put aside. Runs in the caller's own process are no such steps.
    """
    worker = multiprocessing.parent_process()
    if worker is None:
        return
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    # The number of each signal, whoever handles it and whatever becomes of the exception.
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    for target, about in ((_insist, told), (_end_after, worker)):
        threading.Thread(target=target, args=(about,), daemon=True).start()


def _end_after(worker: BaseProcess) -> None:
    worker.join()
    os.kill(os.getpid(), signal.SIGINT)  # what Dagster sends: the body cleans up


def _insist(told: int) -> None:
    while os.read(told, 1)[0] not in (signal.SIGINT, signal.SIGTERM):
        pass
    time.sleep(AGAIN_S)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(KILL_S)
    os.kill(os.getpid(), signal.SIGKILL)
