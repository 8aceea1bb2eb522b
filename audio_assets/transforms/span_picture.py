"""A spectrogram of any span of sound, for people: decibels over time and frequency, as a PNG."""

from __future__ import annotations

import io

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from PIL import Image

from audio_assets.transforms.preview import linear_to_picture
from audio_assets.transforms.spectrogram_png import palette
from audio_assets.transforms.waveform_batch import hann

LONGEST_FFT, SHORTEST_FFT = 2048, 64
BLOCK = 256


def span_picture(waveform: NDArray[np.float32], width: int = 640, height: int = 256) -> bytes:
    """Draw a span: time from left to right, 0 Hz to half the rate from bottom to top.

    Args:
        waveform: float32 [T], T >= 1, at the recording's own rate.
        width: of the picture in pixels.
        height: of the picture in pixels.

    Returns:
        PNG bytes: the loudest 80 dB in the colours of the previews. Silence is black.
    """
    return power_picture(span_power(waveform, columns=width), width, height)


def power_picture(power: NDArray[np.float32], width: int, height: int) -> bytes:
    """Draw powers: the loudest 80 dB as PNG bytes.

    Args:
        power: float32 [frames, frequencies], the first frequency at the bottom.
        width: of the picture in pixels.
        height: of the picture in pixels.
    """
    picture = Image.fromarray(linear_to_picture(power, "time_first", power=True)[::-1])
    picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    picture.putpalette(palette())
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()


def span_power(
    waveform: NDArray[np.float32], columns: int, n_fft: int | None = None
) -> NDArray[np.float32]:
    """Power of frames evenly spaced from the first to the last sample; a block of them at once.

    Args:
        waveform: float32 [T], T >= 1.
        columns: how many frames, fewer where there are fewer samples.
        n_fft: samples per frame, even; by default 2048, fewer where the span is short.

    Returns:
        float32 [frames, n_fft / 2 + 1], 0 Hz to half the rate.
    """
    waveform = np.nan_to_num(np.asarray(waveform, np.float32))
    samples = len(waveform)
    if n_fft is None:
        n_fft = LONGEST_FFT
        while n_fft > SHORTEST_FFT and n_fft * 8 > samples:
            n_fft //= 2
    padded = np.pad(waveform, (n_fft // 2, n_fft // 2))
    starts = np.linspace(0, samples - 1, min(columns, samples)).astype(np.int64)
    window = hann(n_fft)
    rows = np.empty((len(starts), n_fft // 2 + 1), np.float32)
    for first in range(0, len(starts), BLOCK):
        at = starts[first : first + BLOCK, None] + np.arange(n_fft)
        spectrum: NDArray[np.complex64] = np.asarray(scipy.fft.rfft(padded[at] * window, axis=1))
        rows[first : first + BLOCK] = np.square(spectrum.real) + np.square(spectrum.imag)
    return rows
