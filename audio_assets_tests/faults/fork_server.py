"""Runs of folders in forked children of one warm process: `python -m … HOME`.

Reads one order a line from standard input and answers with how the child ended. A child that is
forked from a process which has imported everything starts in milliseconds.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

SAID = 3
"""Exit status of a run that ended with a sentence for people; the sentence is its report."""

WARM = (
    "sklearn.manifold", "umap", "torch", "plotly.graph_objects", "motor.motor_asyncio",
    "audio_assets.orchestration.runner", "databricks.sdk",
)  # fmt: skip
"""What runs import slowly; not FiftyOne, which connects. The last comes with an extra."""


def main() -> None:
    """Serve until the end of the input."""
    home = Path(sys.argv[1])
    for module in WARM:
        with suppress(ImportError):
            importlib.import_module(module)

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a run prints is not an answer
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(home, order)
        timer = _killer(pid, order.get("kill_after_s"))
        twin = _twin(home, order)
        _, status = os.waitpid(pid, 0)
        if timer:
            timer.cancel()
        answer = {"status": status, "twin": os.waitpid(twin, 0)[1] if twin else None}
        print(json.dumps(answer), file=answers, flush=True)


def _twin(home: Path, order: dict[str, Any]) -> int | None:
    """A second run of the same order, some time after the first; its process."""
    if order.get("twin_after_s") is None:
        return None
    time.sleep(order["twin_after_s"])
    pid = os.fork()
    if pid == 0:
        _child(home, {**order, "report": order["twin_report"]})
    return pid


def _killer(pid: int, seconds: float | None) -> threading.Timer | None:
    if seconds is None:
        return None

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.start()
    return timer


def _child(home: Path, order: dict[str, Any]) -> None:
    from audio_assets.encoding import shards
    from audio_assets.errors import AudioAssetsError
    from audio_assets.home import Home
    from audio_assets.orchestration.runner import run_folder
    from audio_assets.settings import load_settings
    from audio_assets_tests.faults.moments import Death, Event, Moments
    from audio_assets_tests.faults.troubles import TROUBLES, Scene

    code = 1
    try:
        shards.FLUSH_SECONDS = 0.0  # every batch is kept at once, so that there is a lot to lose
        death = Death(**order["death"]) if order.get("death") else None
        record = Path(order["record"]) if order.get("record") else None
        event = None
        if trouble := order.get("trouble"):
            scene = Scene(Home(home), Path(order["root"]), order["key"], order["checkpoint"])
            event = Event(trouble["at"], lambda: TROUBLES[trouble["name"]](scene))
        if death or record or event:
            Moments(death, record, event).install()
        settings = load_settings(home=home, device="cpu", batch_size=2, **order["options"])
        report = run_folder(Home(home), order["key"], order["checkpoint"], settings)
        Path(order["report"]).write_text(json.dumps(report.to_dict()))
        code = 0
    except AudioAssetsError as error:
        Path(order["report"]).write_text(json.dumps(str(error)))
        code = SAID
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
