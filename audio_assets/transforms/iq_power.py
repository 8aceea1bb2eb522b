"""Power of IQ samples over time and two-sided frequency, in bounded memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_assets.transforms.waveform_batch import hann

BLOCK_FRAMES = 512
FLOOR = 1e-20


def fft_length(samples: int, longest: int = 256, shortest: int = 8) -> int:
    """Length of a Fourier transform that suits a window: fewer bins where there is less time."""
    length = longest
    while length > shortest and length * 16 > samples:
        length //= 2
    return length


def power_frames(samples: NDArray[np.complex64], n_fft: int) -> NDArray[np.float32]:
    """Power density of overlapping frames, Hann window, half a frame apart.

    A sinusoid of amplitude 1 on a bin has power 1 there; channels are averaged as powers, since
    their phases say nothing of each other.

    Args:
        samples: complex64 [C, T], T >= 1; padded with zeros up to one frame.
        n_fft: length of a frame, even.

    Returns:
        float32 [frames, n_fft], from -rate/2 upwards; bin n_fft / 2 is 0 Hz.
    """
    if samples.shape[1] < n_fft:
        samples = np.pad(samples, ((0, 0), (0, n_fft - samples.shape[1])))
    frames = np.lib.stride_tricks.sliding_window_view(samples, n_fft, axis=1)[:, :: n_fft // 2]
    window = hann(n_fft)
    window = window / window.sum()
    power = np.zeros(frames.shape[1:], np.float32)
    from scipy.fft import fft  # takes a third of a second, and only encoding needs it

    for first in range(0, frames.shape[1], BLOCK_FRAMES):
        part = slice(first, first + BLOCK_FRAMES)
        spectrum: NDArray[np.complex64] = np.asarray(
            fft(frames[:, part] * window, axis=2, overwrite_x=True)
        )
        power[part] = (np.square(spectrum.real) + np.square(spectrum.imag)).mean(axis=0)
    return np.fft.fftshift(power, axes=1)


def averaged(power: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """At most `columns` frames: means of neighbours where there are more.

    Args:
        power: float32 [frames, bins].
        columns: how many at most.

    Returns:
        float32 [min(frames, columns), bins].
    """
    if len(power) <= columns:
        return power
    edges = np.arange(columns) * len(power) // columns
    counts = np.diff(np.append(edges, len(power)))
    return (np.add.reduceat(power, edges, axis=0) / counts[:, None]).astype(np.float32)


def decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """10 log10 of powers, -200 dB at least."""
    return 10 * np.log10(np.maximum(power, FLOOR))
