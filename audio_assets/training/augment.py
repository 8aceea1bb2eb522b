"""Augmentation: changes to sounds and their spectra that leave a sound's class as it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Generator = np.random.Generator
Spectrum = NDArray[np.float32]


def change_speed(waveform: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Play faster (factor > 1) or slower, pitch follows; cut or zero-padded; float32 [T]."""
    positions = np.arange(len(waveform)) * factor
    return np.interp(positions, np.arange(len(waveform)), waveform, right=0.0).astype(np.float32)


def augment_power(power: Spectrum, rng: Generator) -> Spectrum:
    """Turn in time, silence a part.

    Args:
        power: float32 [n_mels, frames].
        rng: source of randomness.

    Returns:
        float32 [n_mels, frames].
    """
    if rng.random() < 0.9:
        power = np.roll(power, rng.integers(power.shape[1]), axis=1)
    return silence_part(power, rng) if rng.random() < 0.1 else power


def silence_part(power: Spectrum, rng: Generator) -> Spectrum:
    """Set up to 40 % of the frames to zero; float32 [n_mels, frames]."""
    frames = power.shape[1]
    length = int(rng.uniform(0.05, 0.4) * frames)
    start = rng.integers(frames - length)
    quiet = power.copy()
    quiet[:, start : start + length] = 0.0
    return quiet


def mix(first: Spectrum, second: Spectrum, rng: Generator) -> tuple[Spectrum, float]:
    """Mix two sounds at a random ratio of their levels (Tokozume et al. 2017, arXiv:1711.10282).

    The powers of two sounds without relation add up, so that no waveform is needed.

    Args:
        first: power, float32 [n_mels, frames].
        second: power, float32 [n_mels, frames].
        rng: source of randomness.

    Returns:
        (power of the mixture, share of the first sound's label in [0.5, 1]).
    """
    share = rng.uniform(0.5, 1.0)
    mixture = sum(
        weight**2 / (spectrum.mean() + 1e-10) * spectrum
        for weight, spectrum in ((share, first), (1.0 - share, second))
    )
    return np.asarray(mixture, dtype=np.float32), share


def add_noise(power: Spectrum, snr_db: float, rng: Generator) -> Spectrum:
    """Add white noise, so many decibels below the loudest point; float32 [n_mels, frames].

    Mel bands of equal area give white noise the same power in every band; its scatter is about that
    of the bands' few Fourier bins.
    """
    scatter = 10.0 ** (0.1 * rng.gumbel(0.0, 2.5, power.shape))
    return (power + power.max() * 10.0 ** (-snr_db / 10.0) * scatter).astype(np.float32)


def decibels_of(power: Spectrum, range_db: float = 80.0) -> Spectrum:
    """Levels relative to the loudest point, at least ``-range_db``; float32 [n_mels, frames]."""
    levels = 10.0 * np.log10(np.maximum(power, 1e-10))
    return np.maximum(levels - levels.max(), -range_db).astype(np.float32)


def augment_decibels(
    decibels: Spectrum, rng: Generator, range_db: float = 80.0, hidden_share: float = 0.5
) -> Spectrum:
    """Change the tone colour, hide strips (SpecAugment, arXiv:1904.08779).

    Args:
        decibels: float32 [n_mels, frames], relative to the maximum.
        rng: source of randomness.
        range_db: floor below the new maximum in decibels.
        hidden_share: probability of each of two strips of bands and two of frames.

    Returns:
        float32 [n_mels, frames], maximum 0.
    """
    bands, frames = decibels.shape
    changed = decibels.copy()
    if rng.random() < 0.4:
        knots = rng.normal(0.0, 4.0, 5)
        changed += np.interp(np.linspace(0, 4, bands), np.arange(5), knots)[:, None].astype(
            np.float32
        )
    changed = np.maximum(changed - changed.max(), -range_db)
    for axis_length, rows in 2 * ((bands, True), (frames, False)):
        if rng.random() < hidden_share:
            width = rng.integers(1, axis_length // 6)
            start = rng.integers(axis_length - width)
            strip = np.s_[start : start + width, :] if rows else np.s_[:, start : start + width]
            changed[strip] = -range_db
    return changed
