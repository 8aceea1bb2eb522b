"""SigMF datatypes: how the samples of a radio recording lie in a file, and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import UsageError

PATTERN = re.compile(r"(?P<form>[cr])(?P<kind>[fiu])(?P<bits>8|16|32|64)(?P<order>_le|_be)?")


@dataclass(frozen=True)
class Datatype:
    """One SigMF datatype (SigMF 1.2, section "Dataset Format").

    Attributes:
        name: as SigMF writes it, with the byte order where there is one.
        is_complex: I and Q interleaved, not one real number per sample.
        component: dtype of one number in the file.
        zero: what in the file means 0.
        full_scale: what above it means 1.
    """

    name: str
    is_complex: bool
    component: np.dtype
    zero: float
    full_scale: float

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample of one channel."""
        return self.component.itemsize * (2 if self.is_complex else 1)

    def decode(self, stored: NDArray, channels: int) -> NDArray[np.complex64]:
        """Numbers of a file as complex samples, full scale 1.

        Args:
            stored: [n * channels * (2 or 1)] of dtype `component`, frame after frame.
            channels: interleaved channels.

        Returns:
            complex64 [channels, n]; real samples have no imaginary part.
        """
        with np.errstate(
            over="ignore"
        ):  # what float32 cannot hold becomes infinite, and is refused
            values = stored.astype(np.float32)
        if self.zero:
            values -= np.float32(self.zero)
        if self.full_scale != 1:
            values *= np.float32(1 / self.full_scale)
        if self.is_complex:
            frames = values.view(np.complex64).reshape(-1, channels)
        else:
            frames = values.astype(np.complex64).reshape(-1, channels)
        return np.ascontiguousarray(frames.T)


def parse_datatype(text: str) -> Datatype:
    """A datatype by its SigMF name; without a byte order it is little-endian.

    Raises:
        UsageError: it is none, with examples.
    """
    match = PATTERN.fullmatch(text.strip().lower())
    bits = int(match["bits"]) if match else 0
    if (
        match is None
        or (match["kind"] == "f" and bits < 32)
        or (match["kind"] != "f" and bits > 32)
    ):
        raise UsageError(
            f"{text!r} is no SigMF datatype; expected one such as cf32_le, ci16_le, ci8, cu8, "
            "ri16_be."
        )
    form, kind, order = match["form"], match["kind"], match["order"] or "_le"
    dtype = np.dtype(f"{'>' if order == '_be' else '<'}{kind}{bits // 8}")
    half = 1.0 if kind == "f" else float(2 ** (bits - 1))
    zero = half if kind == "u" else 0.0
    name = f"{form}{kind}{bits}" + ("" if bits == 8 else order)
    return Datatype(name, form == "c", dtype, zero, half)
