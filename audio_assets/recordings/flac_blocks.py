"""Whether a FLAC file can be entered in the middle: by the sizes of its blocks (RFC 9639)."""

from __future__ import annotations

import os

from audio_assets.errors import RecordingError

MAGIC = b"fLaC"
MOST_METADATA = 1024
FIRST_CODED, ONE_BYTE, TWO_BYTES, FIRST_POWER = 2, 6, 7, 8


def can_be_entered(descriptor: int) -> bool:
    """Whether all blocks are as long as the header says, judged by the first one.

    Frames of such a file are only numbered, and a decoder that seeks multiplies that number by the
    header's length of a block: where the header lies, a seek ends at other samples.

    Args:
        descriptor: of an open file; one that does not begin with FLAC's own mark is not judged.

    Raises:
        RecordingError: when all are said to be of one length, and the first is not: libFLAC then
            takes sound for lost, and fills in silence.
    """
    head = os.pread(descriptor, 26, 0)
    if head[:4] != MAGIC:
        return True
    smallest, largest = int.from_bytes(head[8:10], "big"), int.from_bytes(head[10:12], "big")
    first = _first_block(os.pread(descriptor, 16, _first_frame(descriptor)))
    frames = int.from_bytes(head[21:26], "big") & ((1 << 36) - 1)
    if smallest == largest != first and first and not (first < largest and frames <= first):
        raise RecordingError(
            f"its header gives blocks of {largest} samples, its first one has {first}: what would "
            "be decoded is not what was recorded; encode it again"
        )
    return smallest == largest == first


def _first_frame(descriptor: int) -> int:
    """Where the first frame begins."""
    at = len(MAGIC)
    for _ in range(MOST_METADATA):
        head = os.pread(descriptor, 4, at)
        if len(head) < 4:
            break
        at += 4 + int.from_bytes(head[1:], "big")
        if head[0] & 0x80:
            break
    return at


def _first_block(frame: bytes) -> int:
    """Samples of the first frame, whose number takes one byte; 0 where it cannot be told."""
    if len(frame) < 7 or frame[:2] not in (b"\xff\xf8", b"\xff\xf9"):
        return 0
    code = frame[2] >> 4
    if code >= FIRST_POWER:
        return 256 << (code - FIRST_POWER)
    if code == ONE_BYTE:
        return frame[5] + 1
    if code == TWO_BYTES:
        return int.from_bytes(frame[5:7], "big") + 1
    return 576 << (code - FIRST_CODED) if code >= FIRST_CODED else 192 * code
