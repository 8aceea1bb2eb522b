"""The transform equals the published preprocessing, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr

from audio_assets.errors import EncodingError
from audio_assets.transforms.logmel_image import LogmelImage, LogmelImageParameters
from audio_assets.transforms.transform import Transform
from audio_assets_tests.unit.models.parity import TOLERANCE, parity_folder

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture(scope="module")
def transform() -> LogmelImage:
    return LogmelImage()


def noise(batch: int) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((batch, 110250)).astype(np.float32) * 0.1


@pytest.mark.parametrize(
    ("reference", "wave", "rate", "seconds"),
    [
        ("seed_transform_22k_5s.npy", "wave_22k_5s.npy", 22050, 5),
        ("seed_transform_22k_3s_padded.npy", "wave_22k_5s.npy", 22050, 3),
        ("seed_transform_44k_5s.npy", "wave_44k_5s.npy", 44100, 5),
    ],
)
def test_the_picture_equals_the_published_one(
    transform: LogmelImage,
    test_data: Path | None,
    reference: str,
    wave: str,
    rate: int,
    seconds: int,
) -> None:
    folder = parity_folder(test_data) / "preprocess"
    sound = np.load(folder / wave)[: seconds * rate]
    if rate != 22050:
        sound = soxr.resample(sound, rate, 22050, quality="HQ")
    padded = np.pad(sound, (0, 110250 - len(sound)))[None]
    expected = np.load(folder / reference)
    found = transform(padded)[0] / 255.0
    for channel in range(len(expected)):
        normalised = (found - MEAN[channel]) / STD[channel]
        np.testing.assert_allclose(normalised, expected[channel], atol=TOLERANCE)


def test_bytes_do_not_depend_on_the_batch(transform: LogmelImage) -> None:
    together = transform(noise(5))
    assert together.dtype == transform.output_dtype
    assert together.shape == (5, *transform.output_shape)
    for sound, picture in zip(noise(5), together, strict=True):
        assert np.array_equal(transform(sound[None])[0], picture)


def test_silence_is_black(transform: LogmelImage) -> None:
    assert not transform(np.zeros((1, 110250), dtype=np.float32)).any()


def test_level_does_not_matter(transform: LogmelImage) -> None:
    loud, quiet = transform(noise(1)), transform(noise(1) / 8)
    assert np.abs(loud.astype(int) - quiet).max() <= 1


@pytest.mark.parametrize(("hertz", "rows"), [(150, slice(0, 20)), (9000, slice(195, 224))])
def test_row_zero_is_the_lowest_frequency(transform: LogmelImage, hertz: int, rows: slice) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(110250) / 22050).astype(np.float32)
    picture = transform(tone[None])[0]
    assert picture[:, 100].argmax() in range(224)[rows]


def test_columns_are_time(transform: LogmelImage) -> None:
    click = np.zeros((1, 110250), dtype=np.float32)
    click[0, 22050] = 1.0
    assert transform(click)[0].max(axis=0).argmax() == pytest.approx(224 / 5, abs=3)


@pytest.mark.parametrize("shape", [(110250,), (1, 110249), (2, 3)])
def test_a_wrong_length_is_refused(transform: LogmelImage, shape: tuple[int, ...]) -> None:
    with pytest.raises(EncodingError, match="110250"):
        transform(np.zeros(shape, dtype=np.float32))


def test_samples_that_are_not_finite_are_refused(transform: LogmelImage) -> None:
    broken = noise(1)
    broken[0, 3] = np.inf
    with pytest.raises(EncodingError, match="infinite"):
        transform(broken)


def test_parameters_change_the_picture_and_enter_the_signature() -> None:
    first = LogmelImage()
    second = LogmelImage(LogmelImageParameters(n_mels=64, size=128))
    assert isinstance(first, Transform)
    assert first.parameters() != second.parameters()
    assert second(noise(1)).shape == (1, 128, 128)
    assert np.array_equal(first.to_image(first(noise(1))[0]), first(noise(1))[0])
