"""Synthetic signals: widths, points and levels are those that the formulas give."""

import numpy as np
import pytest

from audio_assets.radio.synthesis.pulses import root_raised_cosine
from audio_assets.radio.synthesis.signal import (
    CONSTELLATIONS,
    MODULATIONS,
    Modulation,
    Signal,
    clean,
    random_signal,
    synthesize,
)

N = 1 << 16


def occupied(samples: np.ndarray, share: float = 0.99) -> float:
    """Width of the band that holds a share of the power, in cycles per sample."""
    power = np.abs(np.fft.fftshift(np.fft.fft(samples))) ** 2
    total = np.cumsum(power) / power.sum()
    low, high = np.searchsorted(total, [(1 - share) / 2, (1 + share) / 2])
    return (high - low) / len(samples)


@pytest.mark.parametrize("modulation", MODULATIONS)
def test_mean_power_is_one(modulation: Modulation) -> None:
    assert np.mean(np.abs(clean(Signal(modulation, N))) ** 2) == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize("snr", [-10, 0, 10, 20])
@pytest.mark.parametrize("modulation", [m for m in MODULATIONS if m != "noise"])
def test_snr_is_signal_power_over_noise_power(modulation: Modulation, snr: float) -> None:
    signal = Signal(modulation, N, snr, frequency_offset=0.03, phase=1.0, seed=4)
    carrier = np.exp(1j * (2 * np.pi * 0.03 * np.arange(N) + 1.0))
    noise = synthesize(signal) - clean(signal) * carrier
    found = 10 * np.log10(np.mean(np.abs(clean(signal)) ** 2) / np.mean(np.abs(noise) ** 2))
    assert found == pytest.approx(snr, abs=0.2)


@pytest.mark.parametrize("modulation", ["bpsk", "qpsk", "qam16"])
@pytest.mark.parametrize(("per_symbol", "rolloff"), [(8, 0.35), (5, 0.25), (6.5, 0.5)])
def test_band_of_shaped_symbols(modulation: Modulation, per_symbol: float, rolloff: float) -> None:
    made = [
        clean(Signal(modulation, N, per_symbol=per_symbol, rolloff=rolloff, seed=seed))
        for seed in range(8)
    ]
    density = np.mean([np.abs(np.fft.fft(m * np.hanning(N))) ** 2 for m in made], axis=0)
    power = np.abs(np.fft.fftfreq(N)), density
    edge = (1 + rolloff) / 2 / per_symbol
    inside = power[1][power[0] <= edge].sum() / power[1].sum()
    assert inside > 0.9995
    # half of the symbol rate is where a root raised cosine has half its power density
    middle = power[1][power[0] < 0.2 / per_symbol].mean()
    near = np.abs(power[0] - 0.5 / per_symbol) < 0.02 / per_symbol
    assert power[1][near].mean() / middle == pytest.approx(0.5, abs=0.08)


def test_band_of_the_others() -> None:
    assert occupied(clean(Signal("noise", N))) == pytest.approx(0.99, abs=0.01)
    assert occupied(clean(Signal("chirp", N, sweep=0.3))) == pytest.approx(0.3, rel=0.05)
    assert occupied(clean(Signal("am", N, message_band=0.02)), 0.9999) == pytest.approx(
        0.04, rel=0.1
    )
    carson = 2 * (0.05 * 2.58 + 0.01)  # 99 % of a Gaussian message is within 2.58 deviations
    assert occupied(clean(Signal("fm", N, deviation=0.05))) == pytest.approx(carson, rel=0.2)


def test_fsk_has_its_two_tones() -> None:
    made = clean(Signal("fsk", N, deviation=0.0625, per_symbol=16))
    frequency = np.diff(np.unwrap(np.angle(made))) / (2 * np.pi)
    assert set(np.round(frequency, 4)) == {-0.0625, 0.0625}


@pytest.mark.parametrize("modulation", ["ook", "bpsk", "qpsk", "qam16"])
def test_symbols_lie_on_their_points(modulation: Modulation) -> None:
    made = clean(Signal(modulation, N, per_symbol=8))
    if modulation != "ook":  # the matched filter, sampled at the middle of the symbols
        taps = root_raised_cosine(np.arange(-64, 65) / 8, 0.35) / 8
        made = np.convolve(made, taps, "same")
    symbols = made[800:-800:8]
    points = CONSTELLATIONS[modulation]
    distance = np.abs(symbols[:, None] - points[None]).min(axis=1)
    assert distance.max() < 0.05
    nearest = np.abs(symbols[:, None] - points[None]).argmin(axis=1)
    assert set(nearest) == set(range(len(points)))


def test_carrier_offset_phase_and_timing_are_exact() -> None:
    plain = synthesize(Signal("qpsk", 4096))
    turned = synthesize(Signal("qpsk", 4096, frequency_offset=0.01, phase=0.5))
    turns = np.exp(1j * (2 * np.pi * 0.01 * np.arange(4096) + 0.5))
    np.testing.assert_allclose(turned, plain * turns, atol=1e-4)
    late = synthesize(Signal("qpsk", 4096, timing=0.5))
    np.testing.assert_allclose(late[4:], plain[:-4], atol=1e-5)  # half a symbol is four samples


def test_seeds_are_other_signals_and_the_same_signal_again() -> None:
    one = random_signal("fm", 10, 1)
    assert one == random_signal("fm", 10, 1)
    assert np.array_equal(synthesize(one), synthesize(one))
    assert one != random_signal("fm", 10, 2)
