"""TensorFlow in a child process of its own: started when needed, watched, restarted once."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import IO, Any

import numpy as np

from audio_assets.errors import CheckpointError, EncodingError
from audio_assets.models.adapters.tensorflow_worker import frames

logger = logging.getLogger(__name__)

PYTHON_VARIABLE = "AUDIO_ASSETS_TENSORFLOW_PYTHON"
WORKER = Path(frames.__file__).with_name("__main__.py")
LOAD_SECONDS = 300.0
CALL_SECONDS = 600.0
LAST_LINES = 8


def tensorflow_python() -> str:
    """The Python that has TensorFlow: `AUDIO_ASSETS_TENSORFLOW_PYTHON`, or this one."""
    return os.environ.get(PYTHON_VARIABLE) or sys.executable


class TensorflowProcess:
    """A child that has loaded one signature of one SavedModel. One thread calls it at a time.

    TensorFlow leaks, slows down and clashes with other libraries in one process; when it crashes,
    only the child dies. A child that died during a call is started again once and the call
    repeated; a second death is an error that shows the child's last words.
    """

    def __init__(self, path: Path, signature: str) -> None:
        """Start the child and load the model.

        Args:
            path: the SavedModel directory.
            signature: name of the signature.

        Raises:
            CheckpointError: when TensorFlow is missing or refuses the model.
        """
        self._path, self._signature = path, signature
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._words: deque[str] = deque(maxlen=200)
        self.description = self._start()

    @property
    def pid(self) -> int | None:
        """Process id of the child, None when it is not running."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def call(self, inputs: dict[str, np.ndarray], wanted: list[str]) -> list[np.ndarray]:
        """Run the signature.

        Args:
            inputs: arrays by input name.
            wanted: names of outputs.

        Returns:
            The outputs, float32, in order.

        Raises:
            EncodingError: when TensorFlow fails, or the child died twice.
        """
        header = {"op": "run", "names": list(inputs), "wanted": wanted}
        with self._lock:
            try:
                answer, arrays = self._attempt(header, list(inputs.values()))
            except frames.PipeClosed:
                logger.warning("TensorFlow's process died and is started again: %s", self._bury())
                try:
                    answer, arrays = self._attempt(header, list(inputs.values()))
                except frames.PipeClosed as error:
                    raise EncodingError(
                        f"TensorFlow's process died twice while running {self._path.name}. "
                        f"Its last words: {self._bury()}"
                    ) from error
        if "error" in answer:
            raise EncodingError(f"TensorFlow failed in {self._path.name}: {answer['error']}")
        return arrays

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._bury()

    def _attempt(self, header: dict[str, Any], arrays: list[np.ndarray]) -> Any:
        """One call; the child is started first where it is not running."""
        if self.pid is None:
            self._start()
        try:
            return self._exchange(header, arrays, CALL_SECONDS)
        except frames.PipeTimeout as error:
            raise EncodingError(
                f"TensorFlow did not answer within {CALL_SECONDS:.0f} s while running "
                f"{self._path.name}. Its last words: {self._bury()}"
            ) from error

    def _start(self) -> dict[str, Any]:
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        environment |= {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}
        command = [tensorflow_python(), str(WORKER)]
        try:
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=environment,
            )  # fmt: skip
        except OSError as error:
            raise CheckpointError(
                f"{command[0]} cannot be started: {error.strerror}. Correct {PYTHON_VARIABLE}."
            ) from error
        self._words.clear()
        stderr = self._child.stderr
        assert stderr is not None
        self._reader = threading.Thread(target=self._listen, args=(stderr,), daemon=True)
        self._reader.start()
        header = {"op": "load", "path": str(self._path), "signature": self._signature}
        try:
            answer, _ = self._exchange(header, [], LOAD_SECONDS)
        except (frames.PipeClosed, frames.PipeTimeout) as error:
            raise CheckpointError(
                f"TensorFlow's process ended while loading {self._path}. "
                f"Its last words: {self._bury()}"
            ) from error
        if "error" in answer:
            self._bury()
            raise CheckpointError(self._load_error(answer["error"]))
        return answer

    def _load_error(self, text: str) -> str:
        if "No module named 'tensorflow'" in text:
            return (
                f"{self._path.name} is a TensorFlow SavedModel and {tensorflow_python()} has no "
                "TensorFlow. Install it (1.3 GB) with pip install 'audio-assets[savedmodel]', or "
                f"set {PYTHON_VARIABLE} to a Python that has it."
            )
        return f"TensorFlow cannot load {self._path}: {text}"

    def _exchange(self, header: Any, arrays: list[np.ndarray], timeout: float) -> Any:
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        frames.send(child.stdin.fileno(), header, arrays)
        return frames.receive(child.stdout.fileno(), timeout)

    def _listen(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._words.append(line.decode("utf-8", "replace").rstrip())

    def _bury(self) -> str:
        """End the child, close its pipes, and return its exit status and last lines."""
        child, self._child = self._child, None
        if child is None:
            return "none"
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # the other end may be gone already
                    pipe.close()
        try:
            status = child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            child.kill()
            status = child.wait()
        self._reader.join(timeout=2)
        if child.stderr is not None:
            child.stderr.close()
        lines = [line for line in list(self._words)[-LAST_LINES:] if line]
        return f"(exit status {status}) " + (" | ".join(lines) or "none")
