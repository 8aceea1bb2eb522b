"""Augmentation and synthesis keep shapes, ranges and seeds."""

from __future__ import annotations

import numpy as np
import pytest

from audio_assets.training.augment import (
    add_noise,
    augment_decibels,
    augment_power,
    change_speed,
    decibels_of,
    mix,
    silence_part,
)
from audio_assets.training.synthesis import KINDS, synthesize
from audio_assets.transforms.logmel_image import LogmelImage


def tone(hertz: float = 440.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(22050) / 22050).astype(np.float32)


def _peak_hertz(sound: np.ndarray) -> int:
    return int(np.abs(np.fft.rfft(sound)).argmax())


def test_speed_moves_the_pitch() -> None:
    assert _peak_hertz(change_speed(tone(), 1.25)[:17640]) == pytest.approx(440, abs=1)
    faster = change_speed(tone(), 1.25)
    assert len(faster) == 22050
    assert _peak_hertz(faster) == pytest.approx(550, abs=2)
    assert not faster[17700:].any()


def spectrum(waveform: np.ndarray) -> np.ndarray:
    whole = LogmelImage()
    return whole.mel_power(np.resize(waveform, whole.input_samples))


def test_noise_has_the_asked_level() -> None:
    power = spectrum(tone())
    added = add_noise(power, 20.0, np.random.default_rng(0)) - power
    assert 10 * np.log10(power.max() / np.median(added)) == pytest.approx(20.0, abs=1.0)


def test_noise_scatters_as_that_of_a_waveform_does() -> None:
    rng = np.random.default_rng(0)
    quiet = np.full((128, 216), 1e-6, dtype=np.float32)
    made = 10 * np.log10(add_noise(quiet, 0.0, rng))
    heard = 10 * np.log10(spectrum(rng.standard_normal(110250).astype(np.float32)))[:, 4:-4]
    assert made.std() == pytest.approx(heard.std(), rel=0.5)
    assert np.ptp(heard.mean(axis=1)) < 10.0  # about as loud in every band


def test_a_silenced_part_is_one_stretch() -> None:
    zero = silence_part(np.ones((4, 1000), dtype=np.float32), np.random.default_rng(0))[2] == 0
    assert 50 <= zero.sum() <= 400
    assert np.abs(np.diff(zero.astype(int))).sum() <= 2


def test_the_first_sound_of_a_mixture_weighs_at_least_half() -> None:
    rng = np.random.default_rng(0)
    low, high = spectrum(tone(300)), spectrum(0.01 * tone(3000))
    for _ in range(20):
        mixture, share = mix(low, high, rng)
        assert 0.5 <= share <= 1.0
        assert mixture.dtype == np.float32
        assert mixture.mean(axis=1).argmax() == low.mean(axis=1).argmax() or share < 0.6


def test_a_mixture_of_spectra_is_nearly_that_of_waveforms() -> None:
    rng = np.random.default_rng(3)
    noise, hum = rng.standard_normal(110250).astype(np.float32), np.resize(tone(), 110250)
    mixture, share = mix(spectrum(noise), spectrum(hum), np.random.default_rng(1))
    weights = [w / np.sqrt(spectrum(x).mean()) for w, x in ((share, noise), (1 - share, hum))]
    heard = spectrum(weights[0] * noise + weights[1] * hum)
    difference = decibels_of(mixture) - decibels_of(heard)
    assert np.abs(difference - np.median(difference)).mean() < 1.0  # beats move the maximum


def test_changed_spectrograms_keep_their_range() -> None:
    rng = np.random.default_rng(0)
    decibels = -80 * rng.random((128, 216)).astype(np.float32)
    for _ in range(30):
        changed = augment_decibels(decibels, rng)
        assert changed.shape == decibels.shape
        assert changed.min() >= -80
        assert changed.max() <= 0
    assert not np.array_equal(changed, decibels)


def test_a_seed_gives_the_same_sound() -> None:
    first, second = (augment_power(spectrum(tone()), np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_synthetic_sounds_are_finite_and_differ(kind: int) -> None:
    sounds = [synthesize(kind, 22050, 22050, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert sounds[0].dtype == np.float32
    assert np.abs(sounds[0]).max() == pytest.approx(1.0)
    assert np.isfinite(sounds[0]).all()
    assert np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[0], sounds[2])
