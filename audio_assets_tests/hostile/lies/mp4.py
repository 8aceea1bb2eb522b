"""MP4: the size of every box, and every word of the boxes that describe the track."""

from __future__ import annotations

from collections.abc import Iterator

from audio_assets_tests.hostile.lies.field import Field, of_bytes, one_after_another

HOLDING = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta"})
MOST_WORDS = 24


def fields(content: bytes) -> list[Field]:
    """The fields of an MP4 file."""
    found: list[Field] = []
    for at, end, name in _boxes(content, 0, len(content)):
        shown = name.decode("latin-1")
        found += one_after_another(f"{shown}.size:4 {shown}.name:4", at)
        if name not in HOLDING and name not in (b"mdat", b"free"):
            words = range(at + 8, min(end, at + 8 + 4 * MOST_WORDS) - 3, 4)
            found += [of_bytes(f"{shown}[{(word - at - 8) // 4}]", word, 4) for word in words]
        if name == b"stsd":
            found += one_after_another("channels:2 bits:2 id:2 packet:2 rate:4", at + 16 + 24)
    return found


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """Begin, end and name of every box, those inside of others too."""
    while at + 8 <= end:
        size, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        size = size if size >= 8 else end - at
        yield at, min(end, at + size), name
        if name in HOLDING:
            yield from _boxes(content, at + 8, min(end, at + size))
        at += size
