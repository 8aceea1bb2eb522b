"""Core Audio Format: chunk sizes and the description."""

from __future__ import annotations

from audio_assets_tests.hostile.lies.field import Field, of_bytes, one_after_another

DESCRIPTION = "rate:8 format:4 flags:4 packet_bytes:4 packet_frames:4 channels:4 bits:4"


def fields(content: bytes) -> list[Field]:
    """The fields of a CAF file."""
    found = one_after_another("magic:4 version:2 flags:2", 0)
    at = 8
    while at + 12 <= len(content):
        name, size = content[at : at + 4], of_bytes("size", at + 4, 8)
        shown = name.decode("latin-1").strip()
        found += one_after_another(f"{shown}.name:4 {shown}.size:8", at)
        if name == b"desc":
            found += one_after_another(DESCRIPTION, at + 12)
        elif name == b"chan":
            found += one_after_another("layout:4 bitmap:4 descriptions:4", at + 12)
        elif name == b"pakt":
            found += one_after_another("packets:8 valid:8 priming:4 rest:4", at + 12)
        at += 12 + size.read(content)
    return found
