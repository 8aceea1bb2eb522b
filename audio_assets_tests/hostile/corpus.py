"""The seeded corpus: case number N of a format is always the same bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audio_assets_tests.hostile.blind import damaged
from audio_assets_tests.hostile.lies import FIELDS, MENDED
from audio_assets_tests.hostile.originals import originals

NOT_NUMBERS = tuple(
    np.array(v, "<f4").tobytes()
    for v in (np.nan, -np.nan, np.inf, -np.inf, 3.4e38, -3.4e38, 1e30, 1e-45)
)
NOT_DOUBLES = tuple(np.array(v, "<f8").tobytes() for v in (np.nan, np.inf, 1e308, 5e-324))
RARELY_NAMES = 0.9
"""A chunk of another name is a chunk that is missing, and that is soon said."""


@dataclass(frozen=True)
class Case:
    """One hostile file."""

    format: str
    number: int
    what: str
    content: bytes

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"case{self.number:05d}.{self.format}"


def cases(format_name: str, count: int, seed: int, folder: Path | None) -> Iterator[Case]:
    """Cases of one format: lies in headers, blind damage, and samples that are no numbers."""
    whole = originals(format_name, folder)
    for number in range(count):
        rng = np.random.default_rng((seed, zlib.crc32(format_name.encode()), number))
        original = whole[number % len(whole)]
        what, content = _changed(format_name, original, rng)
        yield Case(format_name, number, what, content)


def _changed(format_name: str, original: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    share = rng.random()
    if share < 0.1:
        return "samples", not_numbers(original, rng)
    if share < 0.65 and format_name in FIELDS:
        said, content = lying(format_name, original, rng)
        if rng.random() < 0.2:
            more, content = damaged(content, rng)
            said = f"{said}, {more}"
        return said, content
    what, content = damaged(original, rng)
    mend = MENDED.get(format_name)
    return (what, mend(content)) if mend and rng.random() < 0.5 else (what, content)


def lying(format_name: str, original: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """One to three numbers of the header made to lie."""
    data = bytearray(original)
    fields = FIELDS[format_name](original)
    said = []
    for _ in range(int(rng.choice((1, 1, 2, 3)))):
        field = fields[int(rng.integers(len(fields)))]
        while field.is_name and rng.random() < RARELY_NAMES:
            field = fields[int(rng.integers(len(fields)))]
        value = field.lie(original, rng)
        field.write(data, value)
        said.append(f"{field.name} = {value}")
    mend = MENDED.get(format_name, bytes)
    return ", ".join(said), mend(bytes(data))


def not_numbers(original: bytes, rng: np.random.Generator) -> bytes:
    """NaN, infinity and the largest numbers over some words of the second half, both orders."""
    data = bytearray(original)
    pool = NOT_NUMBERS if rng.random() < 0.7 else NOT_DOUBLES
    for _ in range(int(rng.choice((1, 10, 1000)))):
        word = pool[int(rng.integers(len(pool)))]
        word = word[::-1] if rng.random() < 0.5 else word
        places = len(data) // 2 // len(word)
        at = len(data) - len(word) * int(rng.integers(1, max(2, places)))
        data[at : at + len(word)] = word
    return bytes(data)
