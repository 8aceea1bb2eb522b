"""Spectra in memory: the mel power of every clip at several speeds, made once before training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_assets.training.augment import change_speed
from audio_assets.transforms.logmel_image import LogmelImage

SPEEDS = 2.0 ** np.linspace(-0.25, 0.25, 11)
"""Factors of playing speed; pitch follows. The middle one is 1."""


class SpectrumBank:
    """Power spectra to draw from: a thousand passes need no Fourier transform of their own."""

    def __init__(self, waveforms: NDArray[np.float32], transform: LogmelImage) -> None:
        """Compute the spectra.

        Args:
            waveforms: float32 [N, T], at the transform's rate and length.
            transform: the model's transform.
        """
        first = transform.mel_power(waveforms[0])
        self.decibels = np.empty((len(waveforms), len(SPEEDS), *first.shape), dtype=np.float16)
        for clip, waveform in zip(self.decibels, waveforms, strict=True):
            for levels, factor in zip(clip, SPEEDS, strict=True):
                levels[:] = 10.0 * np.log10(transform.mel_power(change_speed(waveform, factor)))

    def draw(self, index: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return a clip as it is or, as often, at a random speed.

        Args:
            index: number of the clip.
            rng: source of randomness.

        Returns:
            Power, float32 [n_mels, frames].
        """
        count = len(SPEEDS)
        speed = int(rng.integers(count)) if rng.random() < 0.5 else count // 2
        return np.power(np.float32(10.0), self.decibels[index, speed].astype(np.float32) / 10.0)
