"""Fifteen kinds of artificial sound, each varied by a random generator: pitch, tempo, timbre."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

Sound = Callable[[np.random.Generator, int, int], np.ndarray]
"""(random generator, samples n, sample rate) → float64 [n], any level."""


def _time(n: int, rate: int) -> np.ndarray:
    return np.arange(n) / rate


def _tone(frequency: np.ndarray, rate: int) -> np.ndarray:
    """A sine that follows a frequency in Hz, float64 [n]."""
    return np.sin(2 * np.pi * np.cumsum(frequency) / rate)


def _noise(rng: np.random.Generator, n: int, rate: int, low: float, high: float) -> np.ndarray:
    """Noise between two frequencies in Hz."""
    sos = butter(4, [low, min(high, rate * 0.45)], "bandpass", fs=rate, output="sos")
    return np.asarray(sosfilt(sos, rng.standard_normal(n)))


def _repeat(
    rng: np.random.Generator, n: int, rate: int, period: float, jitter: float, event: np.ndarray
) -> np.ndarray:
    """Copies of one event at a more or less regular beat."""
    out = np.zeros(n + len(event))
    at = rng.uniform(0, period)
    while at * rate < n:
        start = int(at * rate)
        out[start : start + len(event)] += event * rng.uniform(0.7, 1.0)
        at += period * max(0.2, 1 + jitter * rng.standard_normal())
    return out[:n]


def _bump(n: int) -> np.ndarray:
    return np.hanning(max(3, n))


def _decay(n: int, rate: int, seconds: float) -> np.ndarray:
    return np.exp(-_time(n, rate) / seconds)


def _sweep(rng: np.random.Generator, rate: int, up: bool) -> np.ndarray:
    low, high = rng.uniform(300, 700), rng.uniform(3000, 6000)
    n = int(rng.uniform(0.5, 1.0) * rate)
    course = np.geomspace(low, high, n) if up else np.geomspace(high, low, n)
    return _tone(course, rate) * _bump(n) ** 0.3


def chirp_up(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Rising sweeps."""
    return _repeat(rng, n, rate, rng.uniform(1.0, 1.6), 0.05, _sweep(rng, rate, True))


def chirp_down(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Falling sweeps."""
    return _repeat(rng, n, rate, rng.uniform(1.0, 1.6), 0.05, _sweep(rng, rate, False))


def siren(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """A tone that wails between two pitches."""
    swing = np.sin(2 * np.pi * rng.uniform(0.25, 0.6) * _time(n, rate) + rng.uniform(0, 6))
    course = rng.uniform(800, 1100) * 2 ** (0.5 * swing)
    return sum(_tone(course * k, rate) / k for k in (1, 2, 3)) + np.zeros(n)


def hum(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Mains hum: a steady low tone and its harmonics."""
    base = rng.choice([50.0, 60.0]) * rng.uniform(0.99, 1.01)
    time = _time(n, rate)
    parts = (rng.uniform(0.3, 1) / k * np.sin(2 * np.pi * base * k * time) for k in range(1, 13))
    return sum(parts) + np.zeros(n)


def click_train(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Short regular clicks."""
    size = int(0.004 * rate)
    click = _noise(rng, size, rate, 2000, 9000) * _decay(size, rate, 0.0008)
    return _repeat(rng, n, rate, rng.uniform(0.08, 0.2), 0.02, click)


def rain(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Bright noise with drops in it."""
    drops = np.where(rng.random(n) < rng.uniform(0.001, 0.004), rng.standard_normal(n) * 9, 0)
    return _noise(rng, n, rate, 1500, 9500) + np.asarray(lfilter([1], [1, -0.6], drops))


def wind(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Low noise that swells slowly."""
    gusts = 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * _time(n, rate) + rng.uniform(0, 6))
    return _noise(rng, n, rate, 40, rng.uniform(250, 500)) * gusts


def bird_trill(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Fast series of short high whistles, with pauses."""
    size = int(rng.uniform(0.03, 0.05) * rate)
    top = rng.uniform(4000, 7000)
    note = _tone(np.linspace(top, top * 0.75, size), rate) * _bump(size)
    series = np.tile(np.pad(note, (0, size // 2)), int(rng.integers(6, 14)))
    return _repeat(rng, n, rate, len(series) / rate + rng.uniform(0.3, 0.7), 0.1, series)


def whale_moan(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Long low glides with harmonics."""
    size = int(rng.uniform(1.4, 2.2) * rate)
    base = rng.uniform(120, 220)
    bend = 1 + 0.35 * np.sin(np.linspace(0, np.pi * rng.uniform(1.0, 2.0), size))
    moan = sum(_tone(base * bend * k, rate) / k**1.3 for k in (1, 2, 3, 4)) * _bump(size)
    return _repeat(rng, n, rate, size / rate + rng.uniform(0.1, 0.5), 0.05, np.asarray(moan))


def alarm_beeps(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """A square-wave beep, on and off."""
    tone = np.sign(np.sin(2 * np.pi * rng.uniform(1800, 2600) * _time(n, rate)))
    gate = (_time(n, rate) * rng.uniform(3, 5) + rng.uniform()) % 1 < 0.5
    return tone * gate


def heartbeat(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Lub-dub, 55 to 110 beats a minute."""
    size = int(0.12 * rate)
    thump = _tone(np.linspace(75, 45, size), rate) * _decay(size, rate, 0.035)
    gap = int(rng.uniform(0.24, 0.32) * rate)
    beat = np.concatenate([thump, np.zeros(max(0, gap - size)), 0.7 * thump])
    return _repeat(rng, n, rate, 60 / rng.uniform(55, 110), 0.02, beat)


def engine(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """A rattling series of low pulses, like a motor."""
    speed = rng.uniform(22, 40) * (1 + 0.04 * np.sin(2 * np.pi * 0.5 * _time(n, rate)))
    pulse = (np.cumsum(speed) / rate) % 1
    body = np.exp(-pulse * rng.uniform(5, 9)) - 0.15
    return body + 0.3 * body * _noise(rng, n, rate, 200, 2500)


def frog_croak(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Croaks: a mid tone chopped some forty times a second."""
    size = int(rng.uniform(0.3, 0.5) * rate)
    time = _time(size, rate)
    chop = np.clip(np.sin(2 * np.pi * rng.uniform(30, 50) * time), 0, None)
    pitch = rng.uniform(500, 900)
    voice = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in (1, 2, 3))
    return _repeat(rng, n, rate, rng.uniform(0.7, 1.1), 0.1, np.asarray(voice * chop * _bump(size)))


def cricket(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """A pure high tone in short even pulses, three at a time."""
    time = _time(n, rate)
    pulses = np.clip(np.sin(2 * np.pi * rng.uniform(22, 34) * time), 0, None) ** 2
    groups = (time * rng.uniform(2.0, 3.2) + rng.uniform()) % 1 < 0.55
    return np.sin(2 * np.pi * rng.uniform(4600, 5400) * time) * pulses * groups


def bell(rng: np.random.Generator, n: int, rate: int) -> np.ndarray:
    """Struck bells: inharmonic partials that ring out."""
    size = int(2.0 * rate)
    base = rng.uniform(400, 700)
    time = _time(size, rate)
    partials = ((1.0, 1.0), (2.0, 0.7), (2.4, 0.6), (3.0, 0.4), (4.5, 0.3), (5.33, 0.2))
    ring = sum(a * np.sin(2 * np.pi * base * f * time) * np.exp(-time * f) for f, a in partials)
    return _repeat(rng, n, rate, rng.uniform(1.2, 2.0), 0.05, np.asarray(ring))


CLASSES: dict[str, tuple[int, Sound]] = {
    "bird_trill": (0, bird_trill), "whale_moan": (1, whale_moan), "frog_croak": (2, frog_croak),
    "cricket": (3, cricket), "rain": (10, rain), "wind": (11, wind), "heartbeat": (20, heartbeat),
    "alarm_beeps": (30, alarm_beeps), "click_train": (31, click_train), "hum": (32, hum),
    "chirp_up": (33, chirp_up), "chirp_down": (34, chirp_down), "siren": (40, siren),
    "engine": (41, engine), "bell": (42, bell),
}  # fmt: skip
"""Class → (number, sound); the number's tens digit is ESC-50's major group."""
