"""A teacher that hears textures: statistics of a spectrogram, and a small net on top of them.

Rain, waves, fire and engines differ in how their bands move and move together rather than in
shapes (McDermott and Simoncelli 2011, doi:10.1016/j.neuron.2011.06.032).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from audio_assets.training.losses import CosineClassifier

HIDDEN = 512
BANDS, COARSE = 28, 14
RATES = (1, 2, 4, 7, 12, 20, 33, 54, 90, 112)
"""Edges of the modulation bands, in cycles per picture."""

COUNT = 5 * BANDS + 2 * COARSE + COARSE * 9 + COARSE * (COARSE - 1) // 2 + 3 * COARSE + 4 + 9


class TextureTeacher(nn.Module):
    """A net of two layers over standardised texture statistics."""

    def __init__(self, classes: int) -> None:
        """Make the net.

        Args:
            classes: real and synthetic classes.
        """
        super().__init__()
        self.standardize = nn.BatchNorm1d(COUNT, affine=False, momentum=0.02)
        self.layers = nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(COUNT, HIDDEN),
            nn.BatchNorm1d(HIDDEN),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(HIDDEN, HIDDEN),
        )
        self.classifier = CosineClassifier(HIDDEN, classes)

    def embed(self, images: Tensor) -> Tensor:
        """Turn pictures uint8 [B, H, W] into vectors float32 [B, 512]."""
        with torch.autocast("cpu", enabled=False):
            statistics = self.standardize(textures(images)).clamp(-5.0, 5.0)
        return self.layers(statistics).float()


@torch.no_grad()
def textures(images: Tensor) -> Tensor:
    """Describe how the bands of spectrograms move, alone and together.

    Args:
        images: uint8 [B, H, W], H a multiple of 28; 255 grey levels stand for 80 dB.

    Returns:
        float32 [B, 440]: of 28 bands mean, deviation and three quantiles; of 14 bands skewness,
        kurtosis, power at nine rates of modulation, correlations, and the size of their steps;
        level and modulation of the whole.
    """
    decibels = images.float() * (80.0 / 255.0) - 80.0
    batch, height, frames = decibels.shape
    fine = decibels.reshape(batch, BANDS, height // BANDS, frames).mean(dim=2)
    coarse = fine.reshape(batch, COARSE, 2, frames).mean(dim=2)
    centred = coarse - coarse.mean(dim=2, keepdim=True)
    unit = centred / (centred.std(dim=2, keepdim=True) + 1.0)
    steps = coarse.diff(dim=2)
    peaks = (steps / (steps.std(dim=2, keepdim=True) + 0.5)).pow(4).mean(dim=2)
    together = torch.einsum("bit,bjt->bij", unit, unit) / frames
    first, second = torch.triu_indices(COARSE, COARSE, 1)
    quantiles = torch.quantile(fine, torch.tensor([0.1, 0.5, 0.9]), dim=2).permute(1, 0, 2)
    whole = 10.0 * torch.log10(torch.pow(10.0, decibels / 10.0).mean(dim=1))
    whole = whole - whole.amax(dim=1, keepdim=True)
    level = [whole.mean(dim=1), whole.std(dim=1)]
    level += [(whole < limit).float().mean(dim=1) for limit in (-40.0, -60.0)]
    return torch.cat(
        [
            fine.mean(dim=2), fine.std(dim=2), quantiles.flatten(1),
            unit.pow(3).mean(dim=2), unit.pow(4).mean(dim=2),
            _modulation(centred * torch.hann_window(frames)).flatten(1),
            together[:, first, second],
            steps.square().mean(dim=2).sqrt(), steps.abs().amax(dim=2),
            peaks.clamp_max(60.0).log1p(),
            torch.stack(level, dim=1),
            _modulation((whole - whole.mean(dim=1, keepdim=True))[:, None])[:, 0],
        ],
        dim=1,
    )  # fmt: skip


def _modulation(levels: Tensor) -> Tensor:
    """Log power in the modulation bands, float32 [B, n, 9], of levels [B, n, frames]."""
    power = torch.fft.rfft(levels, dim=2).abs().square()
    last = power.shape[2] - 1
    edges = [round(rate * last / RATES[-1]) for rate in RATES]
    bands = [power[:, :, low : max(low + 1, high)].mean(dim=2) for low, high in pairwise(edges)]
    return torch.log1p(torch.stack(bands, dim=2))
