"""Batches: augmented, mixed and synthetic sounds as model-ready pictures with soft labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audio_assets.training.augment import (
    add_noise,
    augment_decibels,
    augment_power,
    decibels_of,
    mix,
)
from audio_assets.training.clips import Clips
from audio_assets.training.spectra import SpectrumBank
from audio_assets.training.synthesis import KINDS, synthesize
from audio_assets.transforms.logmel_image import LogmelImage


@dataclass(frozen=True)
class Batch:
    """One step's input.

    Attributes:
        images: uint8 [B, H, W].
        labels: soft labels, float32 [B, classes]; the synthetic kinds follow the real classes.
        pure: bool [B], False for mixtures.
    """

    images: Tensor
    labels: Tensor
    pure: Tensor


class BatchMaker:
    """Draws batches, each epoch from a random stream of its own, so that resumed runs agree."""

    def __init__(
        self,
        clips: Clips,
        transform: LogmelImage,
        seed: int,
        mix_share: float,
        synthetic_share: float,
        spectra: SpectrumBank | None = None,
    ) -> None:
        """Prepare.

        Args:
            clips: what to learn from.
            transform: the model's transform.
            seed: seed of the run.
            mix_share: share of clips that are mixtures of two.
            synthetic_share: synthetic sounds per real one.
            spectra: those of the clips, where they are computed already.
        """
        self.clips, self.transform, self.seed = clips, transform, seed
        self.mix_share, self.synthetic_share = mix_share, synthetic_share
        self.hidden_share = 0.5
        self.spectra = spectra or SpectrumBank(clips.waveforms, transform)
        self.classes = len(clips.names) + len(KINDS)

    def reseeded(self, seed: int, mix_share: float, hidden_share: float = 0.5) -> BatchMaker:
        """Return a maker that draws other batches, changed otherwise, from the same clips.

        Args:
            seed: seed of its streams.
            mix_share: share of clips that are mixtures of two.
            hidden_share: probability of each of the strips that are hidden.
        """
        maker = BatchMaker(
            self.clips, self.transform, seed, mix_share, self.synthetic_share, self.spectra
        )
        maker.hidden_share = hidden_share
        return maker

    def steps(self, batch_size: int) -> int:
        """Number of batches in one epoch."""
        return max(1, len(self.clips.files) // self._real(batch_size))

    def epoch(self, stage: int, epoch: int, batch_size: int) -> Iterator[Batch]:
        """Yield the batches of one pass over the clips.

        Args:
            stage: number of the training stage, part of the random stream's key.
            epoch: number of the pass.
            batch_size: sounds per batch, synthetic ones included.

        Yields:
            Batches of ``batch_size`` sounds.
        """
        rng = np.random.default_rng([self.seed, stage, epoch])
        order = rng.permutation(len(self.clips.files))
        real = self._real(batch_size)
        for step in range(self.steps(batch_size)):
            chosen = order[step * real : (step + 1) * real]
            sounds = [self._real_sound(index, rng) for index in chosen]
            sounds += [self._synthetic_sound(rng) for _ in range(batch_size - len(chosen))]
            images = np.stack([self._picture(power, rng) for power, _, _ in sounds])
            labels = np.stack([label for _, label, _ in sounds])
            pure = np.array([is_pure for _, _, is_pure in sounds])
            yield Batch(torch.from_numpy(images), torch.from_numpy(labels), torch.from_numpy(pure))

    def _real(self, batch_size: int) -> int:
        return max(1, batch_size - round(batch_size * self.synthetic_share))

    def _picture(self, power: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
        if rng.random() < 0.3:
            power = add_noise(power, rng.uniform(25.0, 70.0), rng)
        range_db = self.transform.params.top_db
        decibels = decibels_of(power, range_db)
        return self.transform.picture(augment_decibels(decibels, rng, range_db, self.hidden_share))

    def _real_sound(
        self, index: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
        power = augment_power(self.spectra.draw(index, rng), rng)
        label = self._one_hot(int(self.clips.classes[index]))
        if rng.random() >= self.mix_share:
            return power, label, True
        other = int(rng.integers(len(self.clips.files)))
        power, share = mix(power, augment_power(self.spectra.draw(other, rng), rng), rng)
        other_label = self._one_hot(int(self.clips.classes[other]))
        return power, (share * label + (1 - share) * other_label).astype(np.float32), False

    def _synthetic_sound(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
        kind = int(rng.integers(len(KINDS)))
        waveform = synthesize(kind, self.transform.input_samples, self.transform.sample_rate, rng)
        return self.transform.mel_power(waveform), self._one_hot(len(self.clips.names) + kind), True

    def _one_hot(self, index: int) -> NDArray[np.float32]:
        label = np.zeros(self.classes, dtype=np.float32)
        label[index] = 1.0
        return label
