"""Recordings verified in processes of their own: a decoder that crashes takes down one of them.

Decoders are native libraries, and a damaged file may end the whole program in one. Each process
verifies one file at a time, serves its caller for as long as there is work and ends itself when
there is none; a file that crashes it, or keeps it busy without end, fails with that reason.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import numpy as np

from audio_assets.errors import RecordingError
from audio_assets.recordings.kept_sound import KeptSound
from audio_assets.recordings.verdict import Verdict

IDLE_S = 20.0
"""A process without work ends itself after this, with `IDLE_STATUS`."""

IDLE_STATUS = 75

PATIENCE_S = 600.0
SLOWEST_BYTES_PER_S = 1e6
"""A file may take `PATIENCE_S`, and so much longer as its bytes take at this rate."""

LONGEST_S = 2e6
"""Nobody can wait longer for a process at once: three weeks, in milliseconds."""


_Answer = tuple[dict[str, Any] | None, list[str], int]
"""Fields of the verdict, names of what was made of the sound, and how many bytes of it follow."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""There is a process for every processor."""


class Listener(Protocol):
    """Makes something of the sound of short recordings, in the process that decodes them."""

    @property
    def maker(self) -> str:
        """`module:function` of `(parameters, verdict, samples) -> (names, bytes of all)`.

        It is called there, with float32 [frames]; what it raises means that nothing was made.
        """
        ...

    @property
    def parameters(self) -> str:
        """The function's first argument."""
        ...

    def take(self, names: list[str], made: bytes) -> None:
        """Is called here, in any thread, with what was made of one recording."""
        ...


class _Worker:
    """One process; used by one thread at a time."""

    def __init__(self) -> None:
        from audio_assets.settings import PROJECT_DIR  # slow to import; the process needs it not

        paths = os.pathsep.join(filter(None, [str(PROJECT_DIR), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(IDLE_S)], bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": paths},
        )  # fmt: skip
        self.requests = cast(BinaryIO, self.process.stdin)
        self.answers = cast(BinaryIO, self.process.stdout)
        self._something = select.poll()  # unlike select, of a file of any number
        self._something.register(self.answers, select.POLLIN)

    def ask(self, request: bytes, limit_s: float) -> tuple[_Answer, bytes] | None:
        """The answer; None when the process has ended or was ended at the limit."""
        deadline = time.monotonic() + limit_s
        try:
            with suppress(BrokenPipeError):
                self.requests.write(request)
            line, end, data = b"", b"", b""
            while not end:
                line, end, data = self._read(line, deadline).partition(b"\n")
            answer: _Answer = json.loads(line)
            while len(data) < answer[2]:
                data = self._read(data, deadline)
            return answer, data
        except EOFError:
            self.process.wait()
            return None

    def _read(self, before: bytes, deadline: float) -> bytes:
        """What was read and what comes next; the process is ended when nothing comes in time."""
        left_s = min(max(0.0, deadline - time.monotonic()), LONGEST_S)
        if not self._something.poll(left_s * 1000):
            self.process.kill()
        part = self.answers.read(1 << 20)
        if not part:
            raise EOFError
        return before + part

    def close(self) -> None:
        """End the process."""
        self.requests.close()
        self.answers.close()
        self.process.kill()
        self.process.wait()


class _Idle:
    """Processes that wait for the next file; none is shared with a forked process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._workers: list[_Worker] = []

    def take(self) -> _Worker:
        """One that is alive, or a new one."""
        with self._lock:
            if self._owner != os.getpid():
                self._owner, self._workers = os.getpid(), []
            while self._workers:
                worker = self._workers.pop()
                if worker.process.poll() is None:
                    return worker
                worker.close()
        return _Worker()

    def give_back(self, worker: _Worker) -> None:
        """Keep it for the next file."""
        with self._lock:
            self._workers.append(worker)

    def close(self) -> None:
        """End all that wait."""
        with self._lock:
            for worker in self._workers if self._owner == os.getpid() else ():
                worker.close()
            self._workers = []


_idle = _Idle()
atexit.register(_idle.close)


def verify_apart(
    path: Path, name: str, known: str | None = None, *, longest_s: float | None = None,
    listener: Listener | None = None,
) -> Verdict | None:  # fmt: skip
    """What `audio_assets.recordings.verify.verify` says of a file, found out by another process.

    Args:
        path: the file.
        name: its name, for the format that the extension promises.
        known: a hash; when the file has it still, nothing is decoded.
        longest_s: decoding stops here, and the file fails.
        listener: makes something of the sound of a short recording on the way.

    Returns:
        The verdict; `failed` without a hash when the decoder crashed or did not end. None when
        the hash is `known`.

    Raises:
        RecordingError: the process that decodes could not be started.
    """
    wanted = None if listener is None else [listener.maker, listener.parameters]
    request = json.dumps([os.fspath(path), name, known, longest_s, wanted]).encode() + b"\n"
    limit_s = PATIENCE_S
    with suppress(OSError):
        limit_s += path.stat().st_size / SLOWEST_BYTES_PER_S
    while True:
        worker = _idle.take()
        answer = worker.ask(request, limit_s)
        if answer is not None:
            _idle.give_back(worker)
            (fields, names, _), made = answer
            if listener is not None and names:
                listener.take(names, made)
            return None if fields is None else Verdict(**fields)
        status = worker.process.returncode
        worker.close()
        if status == IDLE_STATUS:  # it ended itself just before it was asked
            continue
        if status > 0:
            raise RecordingError(
                f"could not be read: the process that decodes ended with status {status} before "
                "it answered; `audio-assets doctor` says what is missing"
            )
        return Verdict(reason=_ended_by(signal.Signals(-status), limit_s))


def _ended_by(found: signal.Signals, limit_s: float) -> str:
    if found == signal.SIGKILL:
        return (
            f"decoding it took all memory or more than {limit_s:g} s, and was ended; "
            "convert it with another program, or leave it out"
        )
    return (
        f"crashed its decoder ({found.name}); the file is damaged in a way that the decoder does "
        "not stand: convert it with another program, or leave it out"
    )


def main() -> int:
    """Serve requests from standard input, one JSON line each, until it ends or nothing comes."""
    import resource

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller says when
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is not an answer
    requests, idle_s = os.fdopen(0, "rb", buffering=0), float(sys.argv[1])
    while True:
        if not select.select([requests], [], [], idle_s)[0]:
            return IDLE_STATUS
        line = b""
        while not line.endswith(b"\n"):
            if not (part := requests.read(1 << 16)):
                return 0
            line += part
        answers.writelines(_answer(*json.loads(line)))
        answers.flush()


def _answer(
    path: str, name: str, known: str | None, longest_s: float | None, wanted: list[str] | None
) -> tuple[bytes, bytes]:
    """The line and what follows it."""
    from audio_assets.recordings.verify import verify

    keep = None if wanted is None else KeptSound()
    names, made = [], b""
    try:
        verdict = verify(Path(path), name, known, longest_s=longest_s, keep=keep)
    except Exception as error:  # one file, whatever is in it, never stops the rest
        verdict = Verdict(reason=f"could not be read: {type(error).__name__}: {error}")
    if wanted and keep and verdict and (samples := keep.samples(verdict)) is not None:
        with suppress(Exception):  # who needs it makes it from the file, and tells what is wrong
            names, made = _maker(wanted[0])(wanted[1], verdict, samples)
    answer: _Answer = (None if verdict is None else asdict(verdict), names, len(made))
    return json.dumps(answer).encode() + b"\n", made


@lru_cache(maxsize=1)
def _maker(name: str) -> Callable[[str, Verdict, np.ndarray], tuple[list[str], bytes]]:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


if __name__ == "__main__":
    sys.exit(main())
