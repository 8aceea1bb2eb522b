"""Occupancy of a window of IQ: how much of its time and band lies above the noise floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_assets.transforms.iq_power import FLOOR, decibels, fft_length, power_frames

FLOOR_QUANTILE = 0.2
"""The floor is that of the quietest fifth of the bins: up to four fifths of a band may be taken."""

CELL_DB = 12.0
"""A cell of time and frequency counts from here on above the floor: noise does so once in 8 million
cells, its power being exponentially distributed."""

BIN_DB = 3.0
"""A bin's mean over time counts from here on."""

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
        bands: float32 [64]: share of cells per 64th of the band, from -rate/2 upwards.
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
    n_fft = max(BANDS, fft_length(samples.shape[1]))
    power = power_frames(samples, n_fft)
    # the median of an exponential distribution is ln 2 of its mean
    quiet = float(np.quantile(np.median(power, axis=0), FLOOR_QUANTILE)) / np.log(2)
    floor = max(quiet, FLOOR)
    above = power > floor * 10 ** (CELL_DB / 10)
    bins = power.mean(axis=0) > floor * 10 ** (BIN_DB / 10)
    mean_power = float(np.mean(np.square(np.abs(samples))))
    level, floor_db = decibels(np.array([mean_power, floor], np.float32)).tolist()
    return Occupancy(
        level, floor_db, float(above.mean()), float(above.any(axis=1).mean()), float(bins.mean()),
        above.mean(axis=0).reshape(BANDS, -1).mean(axis=1).astype(np.float32),
    )  # fmt: skip
