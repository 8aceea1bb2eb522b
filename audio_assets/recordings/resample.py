"""Resampling of one span of sound, on its own, so that the result depends on nothing around it."""

from __future__ import annotations

import numpy as np
import soxr

QUALITY = "HQ"
RESAMPLER = f"soxr {soxr.__version__} {QUALITY}"
"""Name, version and quality of the resampler; part of every encoding signature."""


def resample(waveform: np.ndarray, from_rate: float, to_rate: float) -> np.ndarray:
    """Resample one span.

    Args:
        waveform: float32 [n], mono.
        from_rate: its rate in Hz.
        to_rate: the rate wanted in Hz.

    Returns:
        float32 [about n · to_rate / from_rate]; the very same samples when the rates are equal.

    Raises:
        ValueError: when a rate is not positive or the waveform has more than one dimension.
    """
    if waveform.ndim != 1:
        raise ValueError(f"expected a mono waveform [n], found shape {waveform.shape}")
    if not (from_rate > 0 and to_rate > 0):
        raise ValueError(f"rates must be positive, found {from_rate} and {to_rate} Hz")
    waveform = np.ascontiguousarray(waveform, dtype=np.float32)
    if from_rate == to_rate or waveform.size == 0:
        return waveform
    return soxr.resample(waveform, from_rate, to_rate, quality=QUALITY)
