"""AIFF and AIFC: COMM with its rate of 80 bits, SSND with offset and block size."""

from __future__ import annotations

import struct

from audio_assets_tests.hostile.lies.field import Field, one_after_another

INSIDE = {
    b"COMM": "channels:2 frames:4 bits:2 rate_exponent:2 rate_mantissa:8 compression:4",
    b"SSND": "offset:4 block:4 first_sample:4",
    b"FVER": "version:4",
}


def fields(content: bytes) -> list[Field]:
    """The fields of an AIFF file."""
    found = one_after_another("form:4 form_size:4 kind:4", 0)
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], struct.unpack(">I", content[at + 4 : at + 8])[0]
        shown = name.decode("latin-1").strip()
        found += one_after_another(f"{shown}.name:4 {shown}.size:4", at)
        inside = one_after_another(INSIDE.get(name, ""), at + 8)
        found += [f for f in inside if f.at + f.bits <= 8 * (at + 8 + size)]
        at += 8 + size + (size & 1)
    return found
