"""What every transform asks of its waveforms, and how it cuts them into frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_assets.errors import EncodingError

SLICE = 16
"""Waveforms worked on at once: enough to be fast, few enough for a laptop's memory."""


def check_waveforms(
    name: str, waveforms: NDArray[np.float32], samples: int, rate: int, shortest: int | None = None
) -> NDArray[np.float32]:
    """Check a batch before it is transformed.

    Args:
        name: the transform, for the message.
        waveforms: float32 [B, T], full scale is 1.
        samples: length that the transform takes.
        rate: its rate in hertz.
        shortest: shortest length that it takes; ``samples`` where None.

    Returns:
        The waveforms as float32.

    Raises:
        EncodingError: when the shape is wrong or a sample is not finite.
    """
    low = samples if shortest is None else min(shortest, samples)
    if waveforms.ndim != 2 or not low <= waveforms.shape[1] <= samples:
        length = f"{samples}" if shortest is None else f"{low} to {samples}"
        raise EncodingError(
            f"{name} got waveforms of shape {waveforms.shape}; expected [batch, {length}] "
            f"({samples / rate:g} s at {rate} Hz). Resample, then pad or cut them first."
        )
    if not np.isfinite(waveforms).all():
        raise EncodingError(f"{name} got NaN or infinite samples; replace them before encoding.")
    return np.ascontiguousarray(waveforms, dtype=np.float32)


def frame(waveforms: NDArray[np.float32], length: int, hop: int) -> NDArray[np.float32]:
    """Cut waveforms into overlapping frames; a rest shorter than a frame is left out.

    Args:
        waveforms: float32 [B, T], T at least ``length``.
        length: samples of a frame.
        hop: samples between the starts of frames.

    Returns:
        Read-only view, float32 [B, frames, length].
    """
    return np.lib.stride_tricks.sliding_window_view(waveforms, length, axis=1)[:, ::hop]


def hann(length: int, *, periodic: bool = True) -> NDArray[np.float32]:
    """Return a Hann window, float32 [length]; the periodic form is that of spectral analysis."""
    steps = length if periodic else length - 1
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / steps)).astype(np.float32)
