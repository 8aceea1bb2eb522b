"""Frames over a pipe: a length, a JSON header, then the raw bytes of arrays; never pickle.

Imported by the child as a plain module, so it needs numpy and the standard library only.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import Any

import numpy as np

LENGTH = struct.Struct("<4sI")
MAGIC = b"AAF1"
LARGEST_HEADER = 1 << 24
LARGEST_ARRAY = 1 << 34


class PipeClosed(Exception):  # noqa: N818
    """The other process is gone."""


class PipeTimeout(Exception):  # noqa: N818
    """The other process did not answer in time."""


def send(descriptor: int, header: dict[str, Any], arrays: list[np.ndarray] | None = None) -> None:
    """Write one frame.

    Args:
        descriptor: file descriptor to write to.
        header: JSON values.
        arrays: of numbers; sent in C order.

    Raises:
        PipeClosed: when nobody reads any more.
    """
    arrays = [np.ascontiguousarray(a) for a in arrays or []]
    shapes = [{"dtype": a.dtype.str, "shape": list(a.shape)} for a in arrays]
    text = json.dumps({**header, "arrays": shapes}).encode()
    try:
        _write(descriptor, LENGTH.pack(MAGIC, len(text)) + text)
        for array in arrays:
            if array.nbytes:
                _write(descriptor, array.reshape(-1).view(np.uint8).data)
    except (BrokenPipeError, ConnectionError) as error:
        raise PipeClosed from error


def receive(
    descriptor: int, timeout: float | None = None
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read one frame.

    Args:
        descriptor: file descriptor to read from.
        timeout: seconds for the whole frame; None waits for ever.

    Returns:
        (header, arrays).

    Raises:
        PipeClosed: at the end of the pipe, or when what comes is no frame.
        PipeTimeout: when the frame did not come in time.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    magic, length = LENGTH.unpack(_read(descriptor, LENGTH.size, deadline))
    if magic != MAGIC or length > LARGEST_HEADER:
        raise PipeClosed("what came over the pipe is not a frame")
    header = json.loads(bytes(_read(descriptor, length, deadline)))
    arrays = []
    for described in header.pop("arrays"):
        dtype = np.dtype(described["dtype"])
        size = dtype.itemsize * int(np.prod(described["shape"], dtype=np.int64))
        if dtype.hasobject or not 0 <= size <= LARGEST_ARRAY:
            raise PipeClosed("an array of objects or of impossible size")
        content = _read(descriptor, size, deadline)
        arrays.append(np.frombuffer(content, dtype).reshape(described["shape"]))
    return header, arrays


def _write(descriptor: int, content: bytes | memoryview) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view[: 1 << 20]) :]


def _read(descriptor: int, size: int, deadline: float | None) -> bytearray:
    content = bytearray()
    while len(content) < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise PipeTimeout
        part = os.read(descriptor, min(size - len(content), 1 << 20))
        if not part:
            raise PipeClosed
        content += part
    return content
