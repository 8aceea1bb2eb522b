"""Procedural sounds: simple textures and calls that widen what the encoder has heard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.signal
from numpy.typing import NDArray

Waveform = NDArray[np.float32]
Generator = np.random.Generator


def synthesize(kind: int, samples: int, sample_rate: int, rng: Generator) -> Waveform:
    """Make one sound.

    Args:
        kind: index into `KINDS`.
        samples: length in samples.
        sample_rate: rate in hertz.
        rng: source of randomness.

    Returns:
        float32 [samples], peak 1.
    """
    sound = KINDS[kind](np.arange(samples) / sample_rate, sample_rate, rng)
    floor = 10 ** rng.uniform(-4.0, -1.5)
    sound = sound / (np.abs(sound).max() + 1e-9) + floor * rng.standard_normal(samples)
    return (sound / np.abs(sound).max()).astype(np.float32)


def _log_uniform(low: float, high: float, rng: Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _onsets(t: NDArray[np.float64], rng: Generator, low: float, high: float) -> list[float]:
    rate = _log_uniform(low, high, rng)
    if rng.random() < 0.5:
        return list(np.arange(rng.uniform(0, 1 / rate), t[-1], 1 / rate))
    return list(rng.uniform(0, t[-1], max(1, int(rate * t[-1]))))


def _calls(
    t: NDArray[np.float64],
    rng: Generator,
    shape: Callable[[NDArray[np.float64], float], NDArray[np.float64]],
) -> NDArray[np.float64]:
    low, high = _log_uniform(150, 7000, rng), _log_uniform(150, 7000, rng)
    length = _log_uniform(0.05, 1.5, rng)
    harmonics = rng.integers(1, 6)
    sound = np.zeros_like(t)
    for onset in _onsets(t, rng, 0.3, 4.0):
        inside = (t >= onset) & (t < onset + length)
        u = (t[inside] - onset) / length
        frequency = low + (high - low) * shape(u, length)
        phase = 2 * np.pi * np.cumsum(frequency) * (t[1] - t[0])
        sound[inside] += sum(np.sin(k * phase) / k for k in range(1, harmonics + 1)) * np.sin(
            np.pi * u
        )
    return sound


def _chirps(t: NDArray[np.float64], _rate: int, rng: Generator) -> NDArray[np.float64]:
    return _calls(t, rng, lambda u, _length: u)


def _whistles(t: NDArray[np.float64], _rate: int, rng: Generator) -> NDArray[np.float64]:
    turns = rng.uniform(0.5, 3.0)
    return _calls(t, rng, lambda u, _length: 0.5 + 0.5 * np.sin(2 * np.pi * turns * u))


def _trills(t: NDArray[np.float64], _rate: int, rng: Generator) -> NDArray[np.float64]:
    speed, depth = _log_uniform(8, 60, rng), rng.uniform(0.05, 0.3)
    return _calls(t, rng, lambda u, length: 0.5 + depth * np.sin(2 * np.pi * speed * u * length))


def _hum(t: NDArray[np.float64], _rate: int, rng: Generator) -> NDArray[np.float64]:
    base, slope = _log_uniform(30, 600, rng), rng.uniform(0.3, 2.0)
    wobble = 1 + rng.uniform(0, 0.5) * np.sin(2 * np.pi * _log_uniform(0.2, 25, rng) * t)
    partials = range(1, int(min(12, 10000 / base)) + 1)
    return wobble * sum(
        np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6.28)) / k**slope for k in partials
    )


def _clicks(t: NDArray[np.float64], rate: int, rng: Generator) -> NDArray[np.float64]:
    impulses = np.zeros_like(t)
    for onset in _onsets(t, rng, 0.5, 60.0):
        impulses[int(onset * rate)] = rng.uniform(0.2, 1.0)
    decay = np.exp(-np.arange(int(0.2 * rate)) / (rate * _log_uniform(0.0005, 0.03, rng)))
    tone = np.sin(2 * np.pi * _log_uniform(200, 8000, rng) * np.arange(len(decay)) / rate)
    body = tone if rng.random() < 0.5 else rng.standard_normal(len(decay))
    return scipy.signal.fftconvolve(impulses, decay * body)[: len(t)]


def _noise(t: NDArray[np.float64], rate: int, rng: Generator) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(rng.standard_normal(len(t)))
    frequencies = np.fft.rfftfreq(len(t), 1 / rate)
    spectrum *= np.maximum(frequencies, 20.0) ** -rng.uniform(-0.3, 1.5)
    if rng.random() < 0.6:
        centre, octaves = _log_uniform(100, 8000, rng), rng.uniform(0.1, 1.5)
        spectrum *= np.exp(-((np.log2(np.maximum(frequencies, 1.0) / centre) / octaves) ** 2))
    return np.fft.irfft(spectrum, len(t))


def _pulsed_noise(t: NDArray[np.float64], rate: int, rng: Generator) -> NDArray[np.float64]:
    sharpness = _log_uniform(1, 12, rng)
    envelope = (
        0.5 + 0.5 * np.sin(2 * np.pi * _log_uniform(0.2, 25, rng) * t + rng.uniform(0, 6.28))
    ) ** sharpness
    return envelope * _noise(t, rate, rng)


KINDS: tuple[Callable[[NDArray[np.float64], int, Generator], NDArray[np.float64]], ...] = (
    _chirps,
    _whistles,
    _trills,
    _hum,
    _clicks,
    _noise,
    _pulsed_noise,
)
