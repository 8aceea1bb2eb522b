"""Damage that knows nothing of formats: flipped bits, cuts, holes, repeats, strangers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

HEAD = 256
"""Half of all damage hits the first bytes, where headers are."""


def damaged(content: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """One to three kinds of damage, one after another.

    Returns:
        (what was done, the bytes).
    """
    data = bytearray(content)
    done = []
    for _ in range(int(rng.integers(1, 4))):
        kind = KINDS[int(rng.integers(len(KINDS)))]
        kind(data, rng)
        done.append(kind.__name__)
    return ", ".join(done), bytes(data)


def flips(data: bytearray, rng: np.random.Generator) -> None:
    """Turn bits over."""
    for _ in range(int(rng.choice((1, 2, 8, 64, 1024)))):
        if data:
            data[_place(data, rng)] ^= 1 << int(rng.integers(8))


def cut(data: bytearray, rng: np.random.Generator) -> None:
    """Lose the end."""
    del data[_place(data, rng) :]


def headless(data: bytearray, rng: np.random.Generator) -> None:
    """Lose the beginning."""
    del data[: _place(data, rng)]


def hole(data: bytearray, rng: np.random.Generator) -> None:
    """Zeros, or ones, where something was."""
    at, size = _place(data, rng), int(rng.choice((4, 64, 4096)))
    data[at : at + size] = bytes([int(rng.choice((0, 255)))]) * len(data[at : at + size])


def gap(data: bytearray, rng: np.random.Generator) -> None:
    """Bytes that are missing from the middle, so that all after them has moved."""
    at = _place(data, rng)
    del data[at : at + int(rng.choice((1, 3, 100, 5000)))]


def stranger(data: bytearray, rng: np.random.Generator) -> None:
    """Bytes of another origin in between."""
    data[(at := _place(data, rng)) : at] = rng.bytes(int(rng.choice((1, 7, 200, 10_000))))


def repeat(data: bytearray, rng: np.random.Generator) -> None:
    """A part that is there twice."""
    at = _place(data, rng)
    data += data[at : at + 20_000]


def exchange(data: bytearray, rng: np.random.Generator) -> None:
    """Two parts that have changed places."""
    one, other, size = _place(data, rng), _place(data, rng), int(rng.choice((16, 512, 4096)))
    if abs(one - other) >= size and max(one, other) + size <= len(data):
        kept = data[one : one + size]
        data[one : one + size] = data[other : other + size]
        data[other : other + size] = kept


def _place(data: bytearray, rng: np.random.Generator) -> int:
    limit = min(HEAD, len(data)) if rng.random() < 0.5 else len(data)
    return int(rng.integers(limit)) if limit else 0


KINDS: tuple[Callable[[bytearray, np.random.Generator], None], ...] = (
    flips, flips, flips, cut, headless, hole, gap, stranger, repeat, exchange,
)  # fmt: skip
