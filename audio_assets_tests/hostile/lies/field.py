"""One number in a header, and what it can be made to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ABSURD = (
    0, 1, 2, 3, 7, 8, 9, 16, 24, 33, 64, 255, 256, 1023, 1024, 4096, 8000, 22050, 32768, 44101,
    65535, 192_000, 384_000, 2_000_000, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1,
    2**62, 2**63 - 1, 2**63, 2**64 - 1,
)  # fmt: skip
"""Numbers at which programs stumble; each is cut to the width of the field."""


@dataclass(frozen=True)
class Field:
    """A number in a file.

    Attributes:
        name: for people.
        at: where it begins, in bits from the start of the file.
        bits: how wide it is.
        little: whether its bytes stand the other way round; only for whole bytes.
    """

    name: str
    at: int
    bits: int
    little: bool = False

    @property
    def is_name(self) -> bool:
        """Whether it says what follows, and not how much of it."""
        return self.name.endswith(("name", "magic", "form"))

    def read(self, content: bytes) -> int:
        """The number that is there; missing bytes count as zeros."""
        first, last = self.at // 8, -(-(self.at + self.bits) // 8)
        part = content[first:last].ljust(last - first, b"\0")
        if self.little:
            return int.from_bytes(part, "little")
        return (int.from_bytes(part, "big") >> (8 * last - self.at - self.bits)) & self._mask

    def write(self, content: bytearray, value: int) -> None:
        """Put another number there; a field that lies beyond the end stays away."""
        first, last = self.at // 8, -(-(self.at + self.bits) // 8)
        if last > len(content):
            return
        value &= self._mask
        if self.little:
            content[first:last] = value.to_bytes(last - first, "little")
            return
        shift = 8 * last - self.at - self.bits
        around = int.from_bytes(content[first:last], "big") & ~(self._mask << shift)
        content[first:last] = (around | value << shift).to_bytes(last - first, "big")

    def lie(self, content: bytes, rng: np.random.Generator) -> int:
        """Another number than the one that is there: absurd, near it, or any."""
        true = self.read(content)
        near = (true + 1, true - 1, true * 2, true // 2, -true, true ^ (1 << (self.bits - 1)))
        anything = int.from_bytes(rng.bytes(8), "little")
        pool = (ABSURD, near, (anything,))[int(rng.choice(3, p=(0.6, 0.3, 0.1)))]
        return pool[int(rng.integers(len(pool)))] & self._mask

    @property
    def _mask(self) -> int:
        return (1 << self.bits) - 1


def of_bytes(name: str, at: int, size: int, *, little: bool = False) -> Field:
    """A field of whole bytes."""
    return Field(name, at * 8, size * 8, little)


def one_after_another(names: str, at: int, *, little: bool = False) -> list[Field]:
    """Fields side by side, written as `name:bytes name:bytes …`."""
    found = []
    for part in names.split():
        name, _, size = part.partition(":")
        found.append(of_bytes(name, at, int(size), little=little))
        at += int(size)
    return found
