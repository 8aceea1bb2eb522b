"""`Range: bytes=…` of RFC 9110, one range at a time, and a file sent in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PIECE = 1 << 18
ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The range lies wholly behind the end."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Read a Range header.

    Args:
        header: its value.
        size: of the file in bytes.

    Returns:
        First byte and the one behind the last; None for the whole file: no header, another unit,
        a malformed one, or several ranges, which a server may ignore.

    Raises:
        UnsatisfiableRangeError: nothing of the file is in the range.
    """
    match = ONE_RANGE.fullmatch(header.strip()) if header else None
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = int(match[2])
        if length == 0 or size == 0:
            raise UnsatisfiableRangeError
        return max(0, size - length), size
    first, last = int(match[1]), int(match[2] or size)
    if match[2] and last < first:
        return None
    if first >= size:
        raise UnsatisfiableRangeError
    return first, min(size, last + 1)


def pieces(path: Path, first: int, end: int) -> Iterator[bytes]:
    """The bytes [first, end) of a file, a quarter of a megabyte at a time."""
    with path.open("rb") as stream:
        stream.seek(first)
        left = end - first
        while left > 0:
            piece = stream.read(min(PIECE, left))
            if not piece:
                return
            left -= len(piece)
            yield piece
