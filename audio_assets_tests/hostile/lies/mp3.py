"""MP3: the ID3 tag's size, the first frame heads to the bit, the Xing/Info table."""

from __future__ import annotations

from audio_assets_tests.hostile.lies.field import Field, one_after_another

HEAD = (
    ("sync", 11), ("version", 2), ("layer", 2), ("no_checksum", 1), ("bit_rate", 4), ("rate", 2),
    ("padding", 1), ("private", 1), ("mode", 2), ("extension", 2), ("marks", 4),
)  # fmt: skip
SHOWN_FRAMES = 4


def fields(content: bytes) -> list[Field]:
    """The fields of an MP3 file."""
    found: list[Field] = []
    at = 0
    if content[:3] == b"ID3":
        found += one_after_another("id3:3 major:1 minor:1 flags:1 size:4 frame:4 frame_size:4", 0)
        size = content[6:10]
        at = 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    for _ in range(SHOWN_FRAMES):
        at = _sync(content, at)
        if at < 0:
            break
        bit = 8 * at
        for name, bits in HEAD:
            found.append(Field(name, bit, bits))
            bit += bits
        at += 4
    for magic in (b"Xing", b"Info"):
        if (place := content.find(magic, 0, 4096)) >= 0:
            found += one_after_another("flags:4 frames:4 bytes:4 table:4", place + 4)
            found += one_after_another("delays:3", place + 4 + 116 + 21)
    return found


def _sync(content: bytes, at: int) -> int:
    """The next place that looks like the head of a frame, or -1."""
    while (at := content.find(b"\xff", at)) >= 0:
        if at + 1 < len(content) and content[at + 1] & 0xE0 == 0xE0:
            return at
        at += 1
    return -1
