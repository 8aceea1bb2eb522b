"""Augmentation: changes to waveforms and spectrograms that leave a sound's class as it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Generator = np.random.Generator


def augment_waveform(waveform: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Change speed and place in time, silence a part, add noise.

    Args:
        waveform: float32 [T].
        rng: source of randomness.

    Returns:
        float32 [T].
    """
    if rng.random() < 0.5:
        waveform = change_speed(waveform, 2.0 ** rng.uniform(-0.15, 0.15))
    if rng.random() < 0.9:
        waveform = np.roll(waveform, rng.integers(len(waveform)))
    if rng.random() < 0.1:
        waveform = silence_part(waveform, rng)
    if rng.random() < 0.2:
        waveform = add_noise(waveform, rng.uniform(20.0, 50.0), rng)
    return waveform


def change_speed(waveform: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Play faster (factor > 1) or slower, pitch follows; cut or zero-padded; float32 [T]."""
    positions = np.arange(len(waveform)) * factor
    return np.interp(positions, np.arange(len(waveform)), waveform, right=0.0).astype(np.float32)


def silence_part(waveform: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Set up to 40 % of the clip to zero; float32 [T]."""
    length = int(rng.uniform(0.05, 0.4) * len(waveform))
    start = rng.integers(len(waveform) - length)
    quiet = waveform.copy()
    quiet[start : start + length] = 0.0
    return quiet


def add_noise(waveform: NDArray[np.float32], snr_db: float, rng: Generator) -> NDArray[np.float32]:
    """Add white noise, its level relative to the loudest tenth of the sound; float32 [T]."""
    level = np.sqrt(np.mean(np.sort(waveform[::16] ** 2)[-len(waveform) // 160 :])) * 10 ** (
        -snr_db / 20
    )
    noise = rng.standard_normal(len(waveform), dtype=np.float32)
    return (waveform + np.float32(level) * noise).astype(np.float32)


def mix(
    first: NDArray[np.float32], second: NDArray[np.float32], rng: Generator
) -> tuple[NDArray[np.float32], float]:
    """Mix two sounds at a random ratio of their levels (Tokozume et al. 2017, arXiv:1711.10282).

    Args:
        first: float32 [T].
        second: float32 [T].
        rng: source of randomness.

    Returns:
        (mixture float32 [T], share of the first sound's label in [0.5, 1]).
    """
    share = rng.uniform(0.5, 1.0)
    gains = [1.0 / (np.sqrt(np.mean(sound**2)) + 1e-5) for sound in (first, second)]
    mixture = share * gains[0] * first + (1.0 - share) * gains[1] * second
    return mixture.astype(np.float32), share


def augment_decibels(
    decibels: NDArray[np.float32], rng: Generator, range_db: float = 80.0
) -> NDArray[np.float32]:
    """Change the tone colour, hide strips (SpecAugment, arXiv:1904.08779).

    Args:
        decibels: float32 [n_mels, frames], relative to the maximum.
        rng: source of randomness.
        range_db: floor below the new maximum in decibels.

    Returns:
        float32 [n_mels, frames], maximum 0.
    """
    bands, frames = decibels.shape
    changed = decibels.copy()
    if rng.random() < 0.3:
        knots = rng.normal(0.0, 3.0, 5)
        changed += np.interp(np.linspace(0, 4, bands), np.arange(5), knots)[:, None].astype(
            np.float32
        )
    changed = np.maximum(changed - changed.max(), -range_db)
    for axis_length, rows in ((bands, True), (frames, False)):
        if rng.random() < 0.6:
            width = rng.integers(1, axis_length // 6)
            start = rng.integers(axis_length - width)
            strip = np.s_[start : start + width, :] if rows else np.s_[:, start : start + width]
            changed[strip] = -range_db
    return changed
