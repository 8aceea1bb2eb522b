"""One synthetic signal: a modulation and everything that a receiver does to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from audio_assets.radio.synthesis.pulses import SPAN, shaped

Modulation = Literal["am", "fm", "ook", "fsk", "bpsk", "qpsk", "qam16", "noise", "chirp"]
MODULATIONS: tuple[Modulation, ...] = get_args(Modulation)

QAM16 = np.array([complex(i, q) for i in (-3, -1, 1, 3) for q in (-3, -1, 1, 3)]) / np.sqrt(10)
CONSTELLATIONS: dict[str, NDArray[np.complex128]] = {
    "ook": np.array([0, np.sqrt(2)], complex),
    "bpsk": np.array([-1, 1], complex),
    "qpsk": np.exp(1j * np.pi / 4 * np.array([1, 3, 5, 7])),
    "qam16": QAM16,
}
"""Symbols, of unit mean power."""


@dataclass(frozen=True)
class Signal:
    """Parameters of one signal; frequencies in cycles per sample.

    Attributes:
        modulation: what it is.
        samples: how many.
        snr_db: signal power over noise power, both in the whole band; None for no noise.
        frequency_offset: of the carrier.
        phase: of the carrier at the first sample, in radians.
        timing: delay of the symbols, in symbols.
        per_symbol: samples per symbol.
        rolloff: of the root raised cosine pulses of BPSK, QPSK and 16-QAM.
        message_band: highest frequency of the message of AM and FM.
        deviation: of FM (that of a message of one standard deviation) and half the distance between
            the tones of FSK.
        depth: of AM, for a message of one standard deviation.
        sweep: band that a chirp sweeps through.
        sweep_samples: how long a sweep takes.
        seed: everything random comes from it.
    """

    modulation: Modulation
    samples: int = 32_768
    snr_db: float | None = None
    frequency_offset: float = 0.0
    phase: float = 0.0
    timing: float = 0.0
    per_symbol: float = 8.0
    rolloff: float = 0.35
    message_band: float = 0.01
    deviation: float = 0.05
    depth: float = 0.3
    sweep: float = 0.3
    sweep_samples: int = 4096
    seed: int = 0


def synthesize(signal: Signal) -> NDArray[np.complex64]:
    """Make a signal: carrier and noise added to `clean`.

    Returns:
        complex64 [samples]; the signal has unit mean power (over the ensemble), the noise what
        `snr_db` says; `noise` is noise of unit power whatever the SNR.
    """
    made = clean(signal)
    turns = signal.frequency_offset * np.arange(signal.samples)
    made = made * np.exp(1j * (2 * np.pi * turns + signal.phase))
    if signal.snr_db is not None and signal.modulation != "noise":
        size = 10 ** (-signal.snr_db / 20)
        made = made + size * gaussian(np.random.default_rng([signal.seed, 1]), signal.samples)
    return made.astype(np.complex64)


def clean(signal: Signal) -> NDArray[np.complex128]:
    """The modulated signal at 0 Hz without noise, complex [samples], of unit mean power."""
    rng = np.random.default_rng([signal.seed, 0])
    n = signal.samples
    if signal.modulation == "noise":
        return gaussian(rng, n)
    if signal.modulation == "am":
        made = 1 + signal.depth * message(rng, n, signal.message_band)
        return made.astype(complex) / np.sqrt(1 + signal.depth**2)
    if signal.modulation == "fm":
        return turning(signal.deviation * message(rng, n, signal.message_band))
    if signal.modulation == "chirp":
        place = ((np.arange(n) + signal.timing * signal.sweep_samples) / signal.sweep_samples) % 1
        return turning(signal.sweep * (place - 0.5))
    count = int(np.ceil(n / signal.per_symbol)) + 2 * SPAN + 4
    if signal.modulation == "fsk":
        symbols = rng.choice(np.array([-1, 1], complex), count)
        tones = shaped(symbols, n, signal.per_symbol, signal.timing, None).real
        return turning(signal.deviation * tones)
    symbols = rng.choice(CONSTELLATIONS[signal.modulation], count)
    rolloff = None if signal.modulation == "ook" else signal.rolloff
    return shaped(symbols, n, signal.per_symbol, signal.timing, rolloff)


def message(rng: np.random.Generator, samples: int, band: float) -> NDArray[np.float64]:
    """Gaussian noise below `band` cycles per sample, of unit variance: float64 [samples]."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequencies = np.fft.rfftfreq(samples)
    spectrum[(frequencies > band) | (frequencies == 0)] = 0
    made = np.fft.irfft(spectrum, samples)
    return made / max(1e-12, float(made.std()))


def turning(frequency: NDArray[np.float64]) -> NDArray[np.complex128]:
    """A carrier of unit amplitude whose frequency (cycles per sample) is given at every sample."""
    return np.exp(2j * np.pi * np.cumsum(frequency))


def gaussian(rng: np.random.Generator, samples: int) -> NDArray[np.complex128]:
    """Complex white noise of unit power."""
    pairs = rng.standard_normal((samples, 2)) / np.sqrt(2)
    return pairs.view(np.complex128)[:, 0]


def random_signal(
    modulation: Modulation, snr_db: float | None, seed: int, samples: int = 32_768
) -> Signal:
    """A signal as a receiver that knows nothing meets it.

    Carrier offset within ±0.05 cycles per sample, any phase and timing, 6 to 12 samples per symbol,
    and the parameters of the analogue modulations within a factor of about two.
    """
    rng = np.random.default_rng([seed, MODULATIONS.index(modulation), 2])
    drawn = {
        "frequency_offset": rng.uniform(-0.05, 0.05), "phase": rng.uniform(0, 2 * np.pi),
        "timing": rng.uniform(0, 1), "per_symbol": rng.uniform(6, 12),
        "rolloff": rng.uniform(0.2, 0.5), "message_band": rng.uniform(0.005, 0.02),
        "deviation": rng.uniform(0.03, 0.08), "depth": rng.uniform(0.2, 0.4),
        "sweep": rng.uniform(0.2, 0.6),
        "sweep_samples": int(samples * rng.uniform(0.1, 0.5)),
    }  # fmt: skip
    values = {k: v if isinstance(v, int) else float(v) for k, v in drawn.items()}
    base = Signal(modulation, samples, snr_db, seed=seed)
    return replace(base, **values)
