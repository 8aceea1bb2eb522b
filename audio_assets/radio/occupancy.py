"""Occupancy of a window of IQ: how much of its time and band lies above the noise floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_assets.transforms.iq_power import FLOOR, decibels, fft_length, power_frames

FLOOR_QUANTILE = 0.2
"""The floor is that of the quietest fifth of the bins: up to four fifths of a band may be taken."""

CELL_DB = 12.0
"""A cell of time and frequency counts from here on above the floor: noise does so once in 8 million
cells, its power being exponentially distributed."""

BIN_DB = 3.0
"""A bin's mean over time counts from here on, or from `BIN_SIGMAS` standard deviations of that mean
where a window has so few frames that noise goes beyond it."""

BIN_SIGMAS = 5.0

BANDS = 64


@dataclass(frozen=True)
class Occupancy:
    """What is occupied; shares are 0 to 1.

    Attributes:
        level_db: mean power, 0 is a full-scale sinusoid.
        floor_db: noise floor per bin.
        cells: share of time-frequency cells above the floor.
        time: share of frames in which at least one cell is.
        band: share of bins whose mean over time is.
        bands: float32 [64]: share of frames in which a 64th of the band, from -rate/2 upwards, has
            a cell above the floor; of short windows several of them share a bin.
    """

    level_db: float
    floor_db: float
    cells: float
    time: float
    band: float
    bands: NDArray[np.float32]


def occupancy_of(samples: NDArray[np.complex64]) -> Occupancy:
    """Measure the occupancy of a window.

    The floor is estimated per window, from the medians over time of its quietest bins, so a signal
    that fills the whole band for the whole window passes for noise.

    Args:
        samples: complex64 [C, T], T >= 1.
    """
    n_fft = fft_length(samples.shape[1])
    power = power_frames(samples, n_fft)
    floor = max(_floor(power, samples.shape[0]), FLOOR)
    above = power > floor * 10 ** (CELL_DB / 10)
    sigma = 1 / np.sqrt(len(power) * samples.shape[0])
    bins = power.mean(axis=0) > floor * max(10 ** (BIN_DB / 10), 1 + BIN_SIGMAS * sigma)
    mean_power = float(np.mean(np.square(np.abs(samples))))
    level, floor_db = decibels(np.array([mean_power, floor], np.float32)).tolist()
    return Occupancy(
        level, floor_db, float(above.mean()), float(above.any(axis=1).mean()), float(bins.mean()),
        _by_band(above),
    )  # fmt: skip


def _floor(power: NDArray[np.float32], channels: int) -> float:
    """Mean power of noise per bin, by the medians over time of the quietest bins.

    The mean of C channels is gamma-distributed of shape C, whose median is below its mean (ln 2 of
    it for one channel). The median of n frames scatters by 1 / (2 f(m) √n), f(m) the density there:
    a fifth of the bins lie 0.84 standard deviations or more below, and that is taken back.
    """
    from scipy.stats import gamma, norm

    noise: Any = gamma(channels, scale=1 / channels)
    middle = float(noise.median())
    spread = 1 / (2 * float(noise.pdf(middle)) * np.sqrt(len(power)))
    low = max(middle / 4, middle + float(norm.ppf(FLOOR_QUANTILE)) * spread)
    return float(np.quantile(np.median(power, axis=0), FLOOR_QUANTILE)) / low


def _by_band(above: NDArray[np.bool_]) -> NDArray[np.float32]:
    frames, bins = above.shape
    if bins < BANDS:
        return np.repeat(above.mean(axis=0), BANDS // bins).astype(np.float32)
    return above.reshape(frames, BANDS, -1).any(axis=2).mean(axis=0).astype(np.float32)
