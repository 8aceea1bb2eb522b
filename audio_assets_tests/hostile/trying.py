"""Cases tried in a process of their own, so that a crash or a hang is a finding, not the end."""

from __future__ import annotations

import json
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

LIMIT_S = 10.0
WINDOW_S = 0.1
"""A file of a low rate is long, and may take so much more for each window."""
LONGEST_S = 120.0
LIMIT_MB = 500.0


class Trier:
    """One worker, replaced when it dies."""

    def __init__(self, scratch: Path, limit_s: float = LIMIT_S, limit_mb: float = LIMIT_MB) -> None:
        self.scratch, self.limit_s, self.limit_mb = scratch, limit_s, limit_mb
        self.errors = (scratch / "worker.log").open("ab")
        self._process: subprocess.Popen[str] | None = None

    def put_through(self, root: Path) -> dict[str, Any]:
        """What `passing.Passed` says of a folder; faults too where it took too much, or died."""
        process = self._process or self._start()
        out = self.scratch / "out"
        out.mkdir()
        assert process.stdin
        process.stdin.write(json.dumps({"root": str(root), "scratch": str(out)}) + "\n")
        process.stdin.flush()
        answer = self._answer(process, LONGEST_S)
        shutil.rmtree(out, ignore_errors=True)
        if isinstance(answer, str):
            return {"rows": {}, "windows": 0, "named": [], "faults": [answer], "seconds": 0.0,
                    "peak_mb": 0.0}  # fmt: skip
        if answer["seconds"] > self.limit_s + WINDOW_S * answer["windows"]:
            answer["faults"].append(f"took {answer['seconds']:.1f} s")
        if answer["peak_mb"] > self.limit_mb:
            answer["faults"].append(f"took {answer['peak_mb']:.0f} MB")
        return answer

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self.errors.close()

    def _start(self) -> subprocess.Popen[str]:
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "audio_assets_tests.hostile.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )  # fmt: skip
        ready = self._answer(process, 120.0)
        assert not isinstance(ready, str), f"the worker does not start: see {self.errors.name}"
        return process

    def _answer(self, process: subprocess.Popen[str], limit_s: float) -> dict[str, Any] | str:
        """The answer, or why there is none."""
        assert process.stdout
        if not select.select([process.stdout], [], [], limit_s)[0]:
            process.kill()
            process.wait()
            self._process = None
            return f"did not end within {limit_s:g} s"
        line = process.stdout.readline()
        if line:
            return json.loads(line)
        status = process.wait()
        self._process = None
        return f"crashed: {signal.Signals(-status).name if status < 0 else f'status {status}'}"
