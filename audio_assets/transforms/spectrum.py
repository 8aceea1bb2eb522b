"""The power spectrum of centred, windowed frames: what `stft` and `logmel` share."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from audio_assets.transforms.waveform_batch import frame, hann

Padding = Literal["constant", "reflect"]


def frame_count(samples: int, hop: int) -> int:
    """Number of centred frames over a waveform."""
    return 1 + samples // hop


def power_spectrum(
    waveforms: NDArray[np.float32], n_fft: int, window_length: int, hop: int, padding: Padding
) -> NDArray[np.float32]:
    """Compute ``|STFT|²`` as librosa and torchaudio do: Hann window, frames centred.

    Args:
        waveforms: float32 [B, T].
        n_fft: length of the Fourier transform in samples, even.
        window_length: length of the window, at most ``n_fft``; centred in the frame.
        hop: samples between frames.
        padding: what lies beyond the ends of a waveform: zeros, or its mirror image.

    Returns:
        float32 [B, 1 + T // hop, n_fft / 2 + 1].
    """
    window = np.zeros(n_fft, dtype=np.float32)
    start = (n_fft - window_length) // 2
    window[start : start + window_length] = hann(window_length)
    padded = np.pad(waveforms, ((0, 0), (n_fft // 2, n_fft // 2)), mode=padding)
    frames = frame(padded, n_fft, hop) * window
    from scipy.fft import rfft  # takes a third of a second, and only encoding needs it

    spectrum: NDArray[np.complex64] = np.asarray(rfft(frames, axis=-1, overwrite_x=True))
    return np.square(spectrum.real) + np.square(spectrum.imag)
