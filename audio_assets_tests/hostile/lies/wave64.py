"""Sony Wave64: chunks named by GUIDs, sizes of 64 bits that count the chunk's own head."""

from __future__ import annotations

from audio_assets_tests.hostile.lies.field import Field, of_bytes, one_after_another
from audio_assets_tests.hostile.lies.wave import INSIDE

HEAD = 40


def fields(content: bytes) -> list[Field]:
    """The fields of a Wave64 file."""
    found = [of_bytes("riff_size", 16, 8, little=True)]
    at = HEAD
    while at + 24 <= len(content):
        name = content[at : at + 4]
        size = of_bytes(f"{name.decode('latin-1').strip()}.size", at + 16, 8, little=True)
        found.append(size)
        if name == b"fmt ":
            found += one_after_another(INSIDE[name], at + 24, little=True)
        length = size.read(content)
        at += max(24, length + (-length % 8))
    return found
