"""Noise is not occupied, however short the window; a carrier is there all the time."""

import numpy as np
import pytest

from audio_assets.radio.occupancy import occupancy_of


def noise(rng, channels, samples):
    parts = rng.standard_normal((2, channels, samples)) / np.sqrt(2)
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", [131, 300, 1_000, 32_768])
def test_noise_is_not_occupied(channels, samples):
    rng = np.random.default_rng(51)
    found = [occupancy_of(noise(rng, channels, samples)) for _ in range(100)]
    assert np.mean([one.band for one in found]) < 0.001
    assert np.mean([one.cells for one in found]) < 1e-5


@pytest.mark.parametrize("samples", [131, 4_096, 32_768])
def test_the_floor_is_the_power_of_the_noise_per_bin(samples):
    rng = np.random.default_rng(51)
    floors = [occupancy_of(noise(rng, 1, samples)).floor_db for _ in range(100)]
    bins = {131: 8, 4_096: 256, 32_768: 256}[samples]
    expected = 10 * np.log10(1.5 / bins)  # 1.5: noise bandwidth of a Hann window in bins
    assert np.mean(floors) == pytest.approx(expected, abs=0.35)


def test_a_carrier_takes_its_band_all_the_time():
    rng = np.random.default_rng(51)
    carrier = np.exp(2j * np.pi * np.arange(32_768) / 8)[None]
    found = occupancy_of((carrier + 1e-3 * noise(rng, 1, 32_768)).astype(np.complex64))
    assert found.bands[40] == 1.0  # an eighth of the rate above the middle
    assert found.time == 1.0
    assert np.count_nonzero(found.bands) <= 3
