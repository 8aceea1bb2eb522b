"""Kaldi's filter bank equals the published front end of AudioMAE."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_assets.errors import CardError, EncodingError
from audio_assets.transforms.kaldi_fbank import KaldiFbank, KaldiFbankParameters
from audio_assets.transforms.registry import make_transform
from audio_assets_tests.unit.models.parity import parity_folder

RAW_TOLERANCE = 4e-3
"""The references' own port differs by 3.2e-3, in bins that hold rounding noise only."""


def noise(batch: int = 3, samples: int = 163840) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((batch, samples)).astype(np.float32) * 0.1


def test_log_mels_equal_torchaudios(test_data: Path | None) -> None:
    folder = parity_folder(test_data) / "preprocess"
    found = KaldiFbank().log_mel(np.load(folder / "wave_16k_5s.npy")[None])[0]
    expected = np.load(folder / "audiomae_fbank_raw_5s.npy").reshape(498, 128)
    np.testing.assert_allclose(found, expected, atol=RAW_TOLERANCE, rtol=0)
    assert np.abs(found - expected).mean() < 5e-5


@pytest.mark.parametrize(("data_set", "frames"), [("audioset", 1024), ("esc50", 512)])
def test_inputs_equal_the_published_front_end(
    test_data: Path | None, data_set: str, frames: int
) -> None:
    folder = parity_folder(test_data) / "preprocess"
    transform = make_transform("kaldi_fbank", {"frames": frames, "statistics": data_set})
    found = transform(np.load(folder / "wave_16k_5s.npy")[None])[0]
    expected = np.load(folder / f"audiomae_input_5s_{data_set}.npy").reshape(frames, 128)
    np.testing.assert_allclose(found, expected, atol=1e-3, rtol=0)


def test_padding_is_zero_before_the_normalisation() -> None:
    found = KaldiFbank()(noise(1, 80000))[0]
    assert found[498:] == pytest.approx(4.2677393 / (2 * 4.5689974))
    speech = KaldiFbank(KaldiFbankParameters(frames=128, statistics="speech_commands"))
    assert speech(noise(1, 16000))[0, 98:] == pytest.approx(6.845978 / (2 * 5.5654526))


def test_a_longer_sound_is_cut_to_the_frames() -> None:
    transform = KaldiFbank(KaldiFbankParameters(seconds=10.24, frames=128))
    short = KaldiFbank(KaldiFbankParameters(seconds=10.24))
    assert np.array_equal(transform(noise(1))[0], short(noise(1))[0, :128])


def test_numbers_do_not_depend_on_the_batch() -> None:
    together = KaldiFbank()(noise(20, 32000))
    for sound, found in zip(noise(20, 32000), together, strict=True):
        assert np.array_equal(KaldiFbank()(sound[None])[0], found)


def test_an_offset_and_a_sound_shorter_than_a_frame_are_taken() -> None:
    sound = noise(1, 16000)
    np.testing.assert_allclose(KaldiFbank()(sound + 0.25), KaldiFbank()(sound), atol=0.05)
    assert np.isfinite(KaldiFbank()(noise(1, 10))).all()


def test_a_tone_is_on_its_row_of_the_picture() -> None:
    transform = KaldiFbank()
    tone = np.sin(2 * np.pi * 4000 * np.arange(163840) / 16000).astype(np.float32)
    picture = transform.to_image(transform(tone[None])[0])
    assert picture.shape == (128, 1024)
    mel = 1127 * np.log(1 + np.array([20, 4000, 8000]) / 700)
    assert picture[:, 500].argmax() == pytest.approx(
        128 * (mel[1] - mel[0]) / (mel[2] - mel[0]), abs=2
    )


def test_own_statistics_and_none() -> None:
    raw = KaldiFbank(KaldiFbankParameters(statistics="none"))(noise(1))
    own = KaldiFbank(KaldiFbankParameters(statistics=(-3.0, 2.0)))(noise(1))
    np.testing.assert_allclose(own, (raw + 3.0) / 4.0, atol=1e-6)
    with pytest.raises(CardError, match="statistics"):
        make_transform("kaldi_fbank", {"statistics": "imagenet"})


@pytest.mark.parametrize("shape", [(163840,), (1, 163841), (1, 0)])
def test_a_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EncodingError, match="163840"):
        KaldiFbank()(np.zeros(shape, dtype=np.float32))
