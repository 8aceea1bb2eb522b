"""FLAC (RFC 9639): metadata blocks, STREAMINFO to the bit, the head of the first frame."""

from __future__ import annotations

from audio_assets_tests.hostile.lies.field import Field, of_bytes

STREAMINFO = (
    ("smallest_block", 16), ("largest_block", 16), ("smallest_frame", 24), ("largest_frame", 24),
    ("rate", 20), ("channels", 3), ("bits", 5), ("frames", 36), ("md5", 128),
)  # fmt: skip
FRAME = (("sync", 15), ("blocking", 1), ("block", 4), ("rate_code", 4), ("channel_code", 4),
         ("bits_code", 3), ("reserved", 1), ("number", 8))  # fmt: skip


def fields(content: bytes) -> list[Field]:
    """The fields of a FLAC file."""
    found = [of_bytes("magic", 0, 4)]
    at, last = 4, False
    while not last and at + 4 <= len(content):
        last, kind = bool(content[at] & 0x80), content[at] & 0x7F
        found += [
            Field("last", 8 * at, 1),
            Field("kind", 8 * at + 1, 7),
            of_bytes("length", at + 1, 3),
        ]
        if kind == 0:
            found += _in_a_row(STREAMINFO, 8 * (at + 4))
        at += 4 + int.from_bytes(content[at + 1 : at + 4], "big")
    return found + _in_a_row(FRAME, 8 * at)


def _in_a_row(layout: tuple[tuple[str, int], ...], at: int) -> list[Field]:
    found = []
    for name, bits in layout:
        found.append(Field(name, at, bits))
        at += bits
    return found
