"""How long a file's header claims the sound is, to be compared with what really decodes."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

CLAIMS_ANYTHING = 0xFFFFFF00
"""Data lengths from here on are place holders of programs that streamed the file."""

PCM_TAGS = frozenset({1, 3, 6, 7, 0xFFFE})
"""Wave format tags of which one block is one frame: PCM, float, A-law, µ-law, extensible."""

MOST_CHUNKS = 4096
OGG_TAIL = 1 << 16


@dataclass(frozen=True)
class Claim:
    """What a header says.

    Attributes:
        frames: length claimed; None when the header does not say.
        placeholder: the length was never filled in, or contradicts the rest of the header, so a
            difference does not mean that sound is missing.
        ends: whether the stream has its end mark; None for formats without one.
    """

    frames: int | None = None
    placeholder: bool = False
    ends: bool | None = None


def read_claim(descriptor: int, format_name: str, header_frames: int | None) -> Claim:
    """Read the claim of an open file.

    Args:
        descriptor: of the file.
        format_name: libsndfile's name of the format.
        header_frames: libsndfile's own idea, used where nothing better is known.
    """
    size = os.fstat(descriptor).st_size
    if format_name in ("WAV", "WAVEX", "RF64"):
        return _wave(descriptor, size) or Claim(header_frames)
    if format_name == "AIFF":
        return _aiff(descriptor, size) or Claim(header_frames)
    if format_name == "OGG":
        return Claim(header_frames, ends=_ogg_ends(descriptor, size))
    return Claim(header_frames)


def _wave(descriptor: int, size: int) -> Claim | None:
    """RIFF, RIFX and RF64: the data chunk's length over the length of a frame."""
    head = os.pread(descriptor, 12, 0)
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64") or head[8:12] != b"WAVE":
        return None
    order = ">" if head[:4] == b"RIFX" else "<"
    riff = struct.unpack(order + "I", head[4:8])[0]
    block, long_data, at = 0, 0, 12
    for _ in range(MOST_CHUNKS):
        chunk = os.pread(descriptor, 8, at)
        if len(chunk) < 8:
            return None
        name, length = chunk[:4], struct.unpack(order + "I", chunk[4:])[0]
        if name == b"ds64":
            long_data = struct.unpack("<Q", os.pread(descriptor, 8, at + 16).ljust(8, b"\0"))[0]
        elif name == b"fmt ":
            fmt = os.pread(descriptor, 16, at + 8)
            if len(fmt) < 16:
                return None
            tag, block = struct.unpack(order + "H10xH", fmt[:14])
            block = block if tag in PCM_TAGS else 0
        elif name == b"data":
            if block == 0:
                return None
            if head[:4] == b"RF64" and length == 0xFFFFFFFF:
                return Claim(long_data // block)
            told = length >= CLAIMS_ANYTHING or length == 0 or riff + 8 == size
            return Claim(length // block, placeholder=told and at + 8 + length != size)
        at += 8 + length + (length & 1)
    return None


def _aiff(descriptor: int, size: int) -> Claim | None:
    """AIFF and AIFC: the frame count of the COMM chunk."""
    head = os.pread(descriptor, 12, 0)
    if head[:4] != b"FORM":
        return None
    at = 12
    for _ in range(MOST_CHUNKS):
        chunk = os.pread(descriptor, 14, at)
        if len(chunk) < 14:
            return None
        if chunk[:4] == b"COMM":
            frames = struct.unpack(">I", chunk[10:14])[0]
            form = struct.unpack(">I", head[4:8])[0]
            return Claim(frames, placeholder=frames == 0 or form + 8 == size)
        at += 8 + (length := struct.unpack(">I", chunk[4:8])[0]) + (length & 1)
    return None


def _ogg_ends(descriptor: int, size: int) -> bool:
    """Whether the last page carries the end-of-stream mark (RFC 3533, header type bit 2)."""
    tail = os.pread(descriptor, OGG_TAIL, max(0, size - OGG_TAIL))
    at = tail.rfind(b"OggS")
    return at >= 0 and len(tail) > at + 5 and bool(tail[at + 5] & 4)
