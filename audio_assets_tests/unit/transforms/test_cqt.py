"""The constant-Q spectrogram follows its definition."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from audio_assets.errors import CardError
from audio_assets.transforms.cqt import Cqt, CqtParameters
from audio_assets.transforms.registry import make_transform


def noise(batch: int = 2) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((batch, 22050)).astype(np.float32) * 0.1


def second(**params: object) -> Cqt:
    return Cqt(CqtParameters.model_validate({"seconds": 1.0} | params))


def test_magnitudes_equal_librosas() -> None:
    found = second(scale="magnitude")(noise())
    expected = np.abs(librosa.cqt(noise(), sr=22050, tuning=0.0))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    decibels = librosa.amplitude_to_db(expected[0], ref=np.max)
    np.testing.assert_allclose(second()(noise(1))[0], decibels, atol=1e-2)


@pytest.mark.parametrize("midi", [45, 60, 81])
def test_a_note_is_on_its_own_row(midi: int) -> None:
    transform = second()
    hertz = 440 * 2 ** ((midi - 69) / 12)
    tone = np.sin(2 * np.pi * hertz * np.arange(22050) / 22050).astype(np.float32)
    array = transform(tone[None])[0]
    assert array.shape == transform.output_shape == (84, 44)
    assert array[:, 20].argmax() == midi - 24
    assert transform.to_image(array)[:, 20].argmax() == midi - 24


def test_numbers_do_not_depend_on_the_batch() -> None:
    together = second(layout="time_first")(noise(3))
    for sound, found in zip(noise(3), together, strict=True):
        assert np.array_equal(second(layout="time_first")(sound[None])[0], found)


def test_frequencies_beyond_half_the_rate_are_refused() -> None:
    with pytest.raises(CardError, match="n_bins"):
        make_transform("cqt", {"n_bins": 120})
