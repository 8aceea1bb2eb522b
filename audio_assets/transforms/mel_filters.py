"""Mel filter banks: Slaney's Auditory Toolbox, as librosa defines it, and HTK's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LINEAR_STEP = 200.0 / 3
_LOG_START_HZ = 1000.0
_LOG_START_MEL = _LOG_START_HZ / _LINEAR_STEP
_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert hertz to Slaney mels: linear below 1 kHz, logarithmic above."""
    logarithmic = (
        _LOG_START_MEL + np.log(np.maximum(frequencies, 1e-10) / _LOG_START_HZ) / _LOG_STEP
    )
    return np.where(frequencies >= _LOG_START_HZ, logarithmic, frequencies / _LINEAR_STEP)


def mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert Slaney mels to hertz."""
    logarithmic = _LOG_START_HZ * np.exp(_LOG_STEP * (mels - _LOG_START_MEL))
    return np.where(mels >= _LOG_START_MEL, logarithmic, mels * _LINEAR_STEP)


def mel_filters(
    sample_rate: int, n_fft: int, n_mels: int, f_min: float, f_max: float
) -> NDArray[np.float32]:
    """Build triangular filters of equal area.

    Args:
        sample_rate: rate in hertz.
        n_fft: length of the Fourier transform in samples.
        n_mels: number of filters.
        f_min: lower edge of the first filter in hertz.
        f_max: upper edge of the last filter in hertz.

    Returns:
        float32 [n_mels, n_fft / 2 + 1], first row = lowest frequency.
    """
    bins = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    limits = hz_to_mel(np.array([f_min, f_max], dtype=np.float64))
    edges = mel_to_hz(np.linspace(limits[0], limits[1], n_mels + 2))
    widths = np.diff(edges)
    ramps = edges[:, None] - bins[None, :]
    rising = -ramps[:-2] / widths[:-1, None]
    falling = ramps[2:] / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def htk_mel_filters(
    sample_rate: int, n_fft: int, n_mels: int, f_min: float, f_max: float
) -> NDArray[np.float32]:
    """Build triangular filters of height 1 on HTK's scale, mel = 2595 log10(1 + f / 700).

    Those of `torchaudio.functional.melscale_fbanks(mel_scale="htk", norm=None)`.

    Args:
        sample_rate: rate in hertz.
        n_fft: length of the Fourier transform in samples.
        n_mels: number of filters.
        f_min: lower edge of the first filter in hertz.
        f_max: upper edge of the last filter in hertz.

    Returns:
        float32 [n_mels, n_fft / 2 + 1], first row = lowest frequency.
    """
    bins = np.fft.rfftfreq(n_fft, 1.0 / sample_rate)
    limits = 2595.0 * np.log10(1.0 + np.array([f_min, f_max]) / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(limits[0], limits[1], n_mels + 2) / 2595.0) - 1.0)
    widths = np.diff(edges)
    ramps = edges[:, None] - bins[None, :]
    rising, falling = -ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
