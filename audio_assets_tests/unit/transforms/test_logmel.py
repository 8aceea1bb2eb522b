"""Log-mel spectrograms equal librosa's and the official AudioMAE++ front end."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest

from audio_assets.errors import EncodingError
from audio_assets.models.proposal import official_logmel
from audio_assets.transforms.logmel import LogMel, LogMelParameters
from audio_assets.transforms.mel_filters import htk_mel_filters
from audio_assets.transforms.registry import make_transform
from audio_assets_tests.unit.models.parity import parity_folder


def noise(batch: int = 2, samples: int = 22050) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((batch, samples)).astype(np.float32) * 0.1


def second(**params: object) -> LogMel:
    return LogMel(LogMelParameters.model_validate({"seconds": 1.0} | params))


def test_decibels_equal_librosas() -> None:
    found = second()(noise())
    for sound, array in zip(noise(), found, strict=True):
        power = librosa.feature.melspectrogram(y=sound, sr=22050)
        expected = librosa.power_to_db(power, ref=np.max)
        np.testing.assert_allclose(array, expected, atol=1e-3)


@pytest.mark.parametrize("mel", ["slaney", "htk"])
@pytest.mark.parametrize("padding", ["constant", "reflect"])
def test_power_equals_librosas(mel: str, padding: str) -> None:
    params = {"mel": mel, "padding": padding, "scale": "power", "n_fft": 1024, "window": 800}
    found = second(**params, hop=200, n_mels=40, f_min=50.0, f_max=9000.0)(noise(1))[0]
    expected = librosa.feature.melspectrogram(
        y=noise(1)[0],
        sr=22050,
        n_fft=1024,
        win_length=800,
        hop_length=200,
        n_mels=40,
        fmin=50.0,
        fmax=9000.0,
        htk=mel == "htk",
        norm="slaney" if mel == "slaney" else None,
        pad_mode=padding,
    )
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-7)


def test_htk_filters_equal_torchaudios(test_data: Path | None) -> None:
    folder = parity_folder(test_data) / "preprocess"
    expected = np.load(folder / "audiomaepp_melfb.npy").T
    np.testing.assert_allclose(htk_mel_filters(16000, 400, 80, 50, 8000), expected, atol=2e-5)


@pytest.mark.parametrize(("stage", "tolerance"), [("_raw", 4e-3), ("", 1e-3)])
def test_the_official_front_end_is_reproduced(
    test_data: Path | None, stage: str, tolerance: float
) -> None:
    folder = parity_folder(test_data) / "preprocess"
    params = official_logmel(5.0, 501) | ({"normalisation": "none"} if stage else {})
    found = make_transform("logmel", params)(np.load(folder / "wave_16k_5s.npy")[None])[0]
    expected = np.load(folder / f"audiomaepp_logmel{stage}_5s.npy")[0, 0]
    np.testing.assert_allclose(found, expected, atol=tolerance, rtol=0)


def test_a_clip_is_standardised_with_the_unbiased_deviation() -> None:
    raw = second(scale="log")(noise(1))[0].astype(np.float64)
    found = second(scale="log", normalisation="clip")(noise(1))[0]
    np.testing.assert_allclose(found, (raw - raw.mean()) / raw.std(ddof=1), atol=1e-5)
    fixed = second(scale="log", normalisation=(-7.0, 3.0))(noise(1))[0]
    np.testing.assert_allclose(fixed, (raw + 7.0) / 3.0, atol=1e-5)


def test_padding_follows_the_normalisation() -> None:
    transform = second(normalisation="clip", frames=50, layout="time_first")
    found = transform(noise(1))[0]
    assert (transform.valid_rows, found.shape) == (44, (50, 128))
    assert not found[44:].any()
    assert np.array_equal(second(normalisation="clip", frames=20)(noise(1))[0], found[:20].T)


def test_numbers_do_not_depend_on_the_batch() -> None:
    transform = second(normalisation="clip")
    together = transform(noise(20))
    for sound, found in zip(noise(20), together, strict=True):
        assert np.array_equal(transform(sound[None])[0], found)


@pytest.mark.parametrize("layout", ["time_first", "frequency_first"])
@pytest.mark.parametrize("scale", ["power", "log", "db"])
def test_the_picture_shows_a_tone_on_its_row(layout: str, scale: str) -> None:
    transform = second(layout=layout, scale=scale)
    tone = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050).astype(np.float32)
    array = transform(tone[None])[0]
    assert array.shape == transform.output_shape
    picture = transform.to_image(array)
    row = np.abs(librosa.mel_frequencies(130, fmin=0, fmax=11025)[1:-1] - 440).argmin()
    assert (picture.dtype, picture.shape) == (np.uint8, (128, 44))
    assert picture[:, 20].argmax() == pytest.approx(row, abs=1)


def test_silence_has_a_finite_array_and_a_black_picture() -> None:
    for scale in ("power", "log", "db"):
        transform = second(scale=scale, normalisation="clip" if scale == "log" else "none")
        array = transform(np.zeros((1, 22050), dtype=np.float32))[0]
        assert np.isfinite(array).all()
        assert not transform.to_image(array).any()


def test_a_wrong_length_is_refused() -> None:
    with pytest.raises(EncodingError, match="22050"):
        second()(noise(1, 22049))
