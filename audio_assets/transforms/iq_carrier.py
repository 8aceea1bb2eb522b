"""Takes the carrier out of samples whose modulation and symbol rate are unknown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POWERS = (1, 2, 4)
"""A carrier shows as a line in the spectrum of the samples themselves (AM, OOK), of their squares
(BPSK) or of their fourth powers (QPSK, QAM); the lowest power that shows one is taken."""

CLEAR = 40.0
"""A line counts when it is this many times stronger than the mean of its spectrum. The strongest of
32,768 exponentially distributed bins (noise) is about 11 times the mean."""

SMALLEST_SHARE = {1: 0.1, 2: 0.02, 4: 0.0}
"""Share of the power that a line must have: a spur beside the signal is no carrier of it."""

MOST_SAMPLES = 1 << 16


def without_carrier(samples: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Turn samples back by the frequency and phase of their carrier, where one shows.

    Args:
        samples: complex64 [T], of any level.

    Returns:
        complex64 [T]; unchanged where no power shows a line.
    """
    found = carrier(samples[:MOST_SAMPLES])
    if found is None:
        return samples
    frequency, phase = found
    turns = frequency * np.arange(len(samples)) + phase
    return (samples * np.exp(-2j * np.pi * turns)).astype(np.complex64)


def carrier(samples: NDArray[np.complex64]) -> tuple[float, float] | None:
    """Frequency (cycles per sample, in [-0.5, 0.5)) and phase (cycles) of a carrier, or None.

    The phase of M-fold symmetric constellations is known up to 1/M of a turn, so that pictures of
    one modulation lie on each other.

    Args:
        samples: complex64 [T].
    """
    from scipy.fft import fft

    if len(samples) < 16:
        return None
    for power in POWERS:
        raised = samples.astype(np.complex128) ** power
        length = 2 * len(raised)  # zeros behind it: the line is found to a quarter of a bin
        spectrum = np.asarray(fft(raised * np.hanning(len(raised)), n=length))
        strength = np.square(np.abs(spectrum))
        top = int(np.argmax(strength))
        if strength[top] >= CLEAR * strength.mean():
            at = (top + _between(strength, top)) / length
            frequency = (at + 0.5) % 1 - 0.5
            line = np.sum(raised * np.exp(-2j * np.pi * frequency * np.arange(len(raised))))
            whole = len(raised) * float(np.sum(np.square(np.abs(raised))))
            if float(np.abs(line)) ** 2 < SMALLEST_SHARE[power] * whole:
                continue
            # QPSK's and QAM's fourth power points to the left where the symbols are on diagonals
            phase = float(np.angle(-line if power == 4 else line)) / (2 * np.pi)
            return frequency / power, phase / power
    return None


def _between(strength: NDArray[np.float64], top: int) -> float:
    """Where between the bins the peak is: the vertex of a parabola through three, in bins."""
    n = len(strength)
    left, middle, right = np.log(np.maximum(strength[[(top - 1) % n, top, (top + 1) % n]], 1e-300))
    curve = left - 2 * middle + right
    return 0.0 if curve == 0 else float(0.5 * (left - right) / curve)
