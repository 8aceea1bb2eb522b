"""The filter bank is librosa's."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.transforms.mel_filters import hz_to_mel, mel_filters, mel_to_hz


@pytest.mark.parametrize(
    ("rate", "n_fft", "n_mels", "low", "high"),
    [(22050, 2048, 128, 0.0, 11025.0), (16000, 512, 40, 50.0, 7800.0)],
)
def test_filters_equal_librosas(
    rate: int, n_fft: int, n_mels: int, low: float, high: float
) -> None:
    librosa = pytest.importorskip("librosa")
    expected = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, fmin=low, fmax=high)
    np.testing.assert_allclose(mel_filters(rate, n_fft, n_mels, low, high), expected, atol=1e-8)


def test_mels_and_hertz_are_inverse() -> None:
    frequencies = np.array([0.0, 20.0, 999.0, 1000.0, 1001.0, 11025.0])
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(frequencies)), frequencies, rtol=1e-12)
