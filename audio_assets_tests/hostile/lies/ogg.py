"""Ogg (RFC 3533): page heads, and the first packet of Vorbis and Opus; checksums mended."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from audio_assets_tests.hostile.lies.field import Field, one_after_another

PAGE = "version:1 kind:1 granule:8 serial:4 number:4 checksum:4 segments:1 first_segment:1"
VORBIS = "version:4 channels:1 rate:4 highest:4 nominal:4 lowest:4 blocks:1 framing:1"
OPUS = "version:1 channels:1 preskip:2 rate:4 gain:2 mapping:1"
SHOWN_PAGES = 6


def fields(content: bytes) -> list[Field]:
    """The fields of the first pages and the last, and of the codec's first packet."""
    pages = list(_pages(content))
    found: list[Field] = []
    for begin, _ in [*pages[:SHOWN_PAGES], *pages[-1:]]:
        found += one_after_another(PAGE, begin + 4, little=True)
    for magic, layout in ((b"\x01vorbis", VORBIS), (b"OpusHead", OPUS)):
        if (at := content.find(magic, 0, 200)) >= 0:
            found += one_after_another(layout, at + len(magic), little=True)
    return found


def with_checksums(content: bytes) -> bytes:
    """The same pages with checksums that are right, as a forger would leave them."""
    data = bytearray(content)
    for begin, end in _pages(content):
        data[begin + 22 : begin + 26] = bytes(4)
        data[begin + 22 : begin + 26] = _checksum(bytes(data[begin:end])).to_bytes(4, "little")
    return bytes(data)


def _pages(content: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of every page that can be found."""
    at = content.find(b"OggS")
    while at >= 0:
        table = content[at + 27 : at + 27 + content[at + 26]] if at + 27 <= len(content) else b""
        end = at + 27 + len(table) + sum(table)
        if end <= len(content):
            yield at, end
        at = content.find(b"OggS", at + 4)


def _checksum(page: bytes) -> int:
    """CRC-32 of polynomial 0x04C11DB7, not reflected."""
    value = 0
    table = _table()
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ table[(value >> 24) ^ byte]
    return value


@cache
def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
        rows.append(value)
    return tuple(rows)
