"""RIFF, RF64: chunk names and sizes, everything in `fmt ` and `ds64`."""

from __future__ import annotations

import struct

from audio_assets_tests.hostile.lies.field import Field, of_bytes, one_after_another

INSIDE = {
    b"fmt ": "tag:2 channels:2 rate:4 byte_rate:4 block_align:2 bits:2 extra:2 valid_bits:2 mask:4 "
    "subformat:2",
    b"ds64": "riff_size:8 data_size:8 frames:8 tables:4",
    b"fact": "frames:4",
}


def fields(content: bytes) -> list[Field]:
    """The fields of a WAVE file."""
    found = one_after_another("magic:4 riff_size:4 form:4", 0, little=True)
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], struct.unpack("<I", content[at + 4 : at + 8])[0]
        shown = name.decode("latin-1")
        found += one_after_another(
            f"{shown.strip()}.name:4 {shown.strip()}.size:4", at, little=True
        )
        inside = one_after_another(INSIDE.get(name, ""), at + 8, little=True)
        found += [f for f in inside if f.at + f.bits <= 8 * (at + 8 + size)]
        at += 8 + size + (size & 1)
    found.append(of_bytes("first_sample", content.find(b"data") + 8, 4, little=True))
    return found
