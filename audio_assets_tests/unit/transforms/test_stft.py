"""The spectrogram equals librosa's."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from audio_assets.errors import EncodingError
from audio_assets.transforms.stft import Stft, StftParameters


def noise(batch: int = 2) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((batch, 22050)).astype(np.float32) * 0.1


def second(**params: object) -> Stft:
    return Stft(StftParameters.model_validate({"seconds": 1.0} | params))


@pytest.mark.parametrize("padding", ["constant", "reflect"])
@pytest.mark.parametrize(("n_fft", "window", "hop"), [(2048, None, 512), (512, 400, 160)])
def test_magnitudes_equal_librosas(padding: str, n_fft: int, window: int | None, hop: int) -> None:
    transform = second(scale="magnitude", n_fft=n_fft, window=window, hop=hop, padding=padding)
    expected = np.abs(
        librosa.stft(noise(1)[0], n_fft=n_fft, win_length=window, hop_length=hop, pad_mode=padding)
    )
    np.testing.assert_allclose(transform(noise(1))[0], expected, atol=2e-5)
    power = second(scale="power", n_fft=n_fft, window=window, hop=hop, padding=padding)
    np.testing.assert_allclose(power(noise(1))[0], expected**2, rtol=1e-3, atol=1e-4)


def test_decibels_equal_librosas() -> None:
    magnitude = np.abs(librosa.stft(noise(1)[0]))
    expected = librosa.amplitude_to_db(magnitude, ref=np.max, top_db=80.0)
    np.testing.assert_allclose(second()(noise(1))[0], expected, atol=1e-2)


def test_numbers_do_not_depend_on_the_batch() -> None:
    together = second()(noise(20))
    for sound, found in zip(noise(20), together, strict=True):
        assert np.array_equal(second()(sound[None])[0], found)


@pytest.mark.parametrize("layout", ["time_first", "frequency_first"])
@pytest.mark.parametrize("scale", ["magnitude", "power", "db"])
def test_the_picture_shows_a_tone_on_its_row(layout: str, scale: str) -> None:
    transform = second(layout=layout, scale=scale)
    tone = np.sin(2 * np.pi * 2000 * np.arange(22050) / 22050).astype(np.float32)
    array = transform(tone[None])[0]
    assert array.shape == transform.output_shape
    picture = transform.to_image(array)
    assert picture.shape == (1025, 44)
    assert picture[:, 20].argmax() == pytest.approx(2000 / 22050 * 2048, abs=1)


def test_nan_is_refused() -> None:
    broken = noise(1)
    broken[0, 4] = np.nan
    with pytest.raises(EncodingError, match="NaN"):
        second()(broken)
