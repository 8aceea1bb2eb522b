"""Named chunks of a WAV file (RIFF, RIFX, RF64), the sound left alone."""

from __future__ import annotations

import os
import struct
from collections.abc import Set
from pathlib import Path

MOST_CHUNKS = 4096
MOST_BYTES = 1 << 20


def read_chunks(path: Path, wanted: Set[bytes]) -> dict[bytes, bytes]:
    """Read the first chunk of each wanted name.

    Args:
        path: of the file.
        wanted: names of four bytes.

    Returns:
        Name → content, of at most 1 MiB each; nothing for a file that is no WAV or that is cut
        short before them.

    Raises:
        OSError: when the file cannot be read.
    """
    found: dict[bytes, bytes] = {}
    with path.open("rb") as stream:
        head = stream.read(12)
        if head[:4] not in (b"RIFF", b"RIFX", b"RF64") or head[8:12] != b"WAVE":
            return found
        order = ">" if head[:4] == b"RIFX" else "<"
        long_data, size = 0, os.fstat(stream.fileno()).st_size
        for _ in range(MOST_CHUNKS):
            header = stream.read(8)
            if len(header) < 8 or wanted <= found.keys():
                break
            name, length = header[:4], struct.unpack(order + "I", header[4:])[0]
            if name == b"ds64":
                content = stream.read(16)
                long_data = struct.unpack("<Q", content[8:16].ljust(8, b"\0"))[0]
                stream.seek(-len(content), 1)
            if name == b"data" and length == 0xFFFFFFFF:
                length = long_data
            if stream.tell() + length > size:
                break
            if name in wanted and name not in found and length <= MOST_BYTES:
                found[name] = stream.read(length)
                stream.seek(length & 1, 1)
            else:
                stream.seek(length + (length & 1), 1)
    return found
