"""Pulses that symbols are sent with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPAN = 8
"""Symbols to either side after which a root raised cosine is cut off."""


def root_raised_cosine(t: NDArray[np.float64], rolloff: float) -> NDArray[np.float64]:
    """The root raised cosine pulse of unit energy per symbol.

    J. G. Proakis, "Digital Communications", section 9.2. Its spectrum reaches to
    (1 + rolloff) / 2 of the symbol rate to either side.

    Args:
        t: time in symbols.
        rolloff: in (0, 1].
    """
    b = rolloff
    with np.errstate(divide="ignore", invalid="ignore"):
        upper = np.sin(np.pi * t * (1 - b)) + 4 * b * t * np.cos(np.pi * t * (1 + b))
        values = upper / (np.pi * t * (1 - (4 * b * t) ** 2))
    values = np.where(np.abs(t) < 1e-9, 1 + b * (4 / np.pi - 1), values)
    corner = (1 + 2 / np.pi) * np.sin(np.pi / 4 / b) + (1 - 2 / np.pi) * np.cos(np.pi / 4 / b)
    return np.where(np.abs(np.abs(t) - 1 / (4 * b)) < 1e-9, b / np.sqrt(2) * corner, values)


def shaped(
    symbols: NDArray[np.complex128], samples: int, per_symbol: float, timing: float,
    rolloff: float | None,
) -> NDArray[np.complex128]:  # fmt: skip
    """Symbols as a waveform, exact for any number of samples per symbol and any delay.

    Args:
        symbols: complex [S]; enough for the samples and `SPAN` to either side.
        samples: T.
        per_symbol: samples per symbol.
        timing: delay in symbols.
        rolloff: of a root raised cosine; rectangular pulses where None.

    Returns:
        complex [T]; sample n lies at n / per_symbol - timing + SPAN symbols.
    """
    t = np.arange(samples) / per_symbol - timing + SPAN
    if rolloff is None:
        return symbols[np.floor(t + 0.5).astype(np.int64)]
    nearest = np.rint(t).astype(np.int64)
    out = np.zeros(samples, np.complex128)
    for step in range(-SPAN, SPAN + 1):
        index = nearest + step
        inside = (index >= 0) & (index < len(symbols))
        pulse = root_raised_cosine(t - index, rolloff)
        out += np.where(inside, symbols[np.clip(index, 0, len(symbols) - 1)] * pulse, 0)
    return out
