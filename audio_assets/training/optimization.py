"""Optimization: parameter groups with layer-wise rates, the rate's schedule, averaged weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from audio_assets.models.spectrogram_encoder import SpectrogramEncoder


def parameter_groups(
    encoder: SpectrogramEncoder,
    heads: nn.Module,
    lr: float,
    layer_decay: float,
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Group parameters for AdamW.

    Args:
        encoder: the encoder; block i of n learns at ``lr * layer_decay ** (n - 1 - i)``, what lies
            before at ``layer_decay ** n``.
        heads: everything else; learns at ``lr``.
        lr: peak learning rate.
        layer_decay: factor per block.
        weight_decay: decay of matrices; vectors and tokens have none.

    Returns:
        Groups with "params", "lr", "base_lr" and "weight_decay".
    """
    depth = len(encoder.blocks)
    groups: list[dict[str, Any]] = []
    named = [
        *encoder.named_parameters(),
        *((f"heads.{name}", value) for name, value in heads.named_parameters()),
    ]
    for name, parameter in named:
        if name.startswith("blocks."):
            below = depth - 1 - int(name.split(".")[1])
        else:
            below = 0 if name.startswith(("heads.", "norm.")) else depth
        rate = lr * layer_decay**below
        decay = (
            weight_decay
            if parameter.ndim > 1 and "token" not in name and "table" not in name
            else 0.0
        )
        groups.append({"params": [parameter], "lr": rate, "base_lr": rate, "weight_decay": decay})
    return groups


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set the learning rates.

    Args:
        optimizer: its groups carry "base_lr".
        factor: share of the peak rate.
    """
    for group in optimizer.param_groups:
        group["lr"] = group["base_lr"] * factor


def rate_factor(epoch: float, epochs: int, decay_share: float, warmup: float = 2.0) -> float:
    """Share of the peak rate: linear warm-up, constant, then a half cosine to zero.

    A constant middle lets a stopped run go on with more epochs (Hu et al. 2024, arXiv:2404.06395).

    Args:
        epoch: passes done, fractional.
        epochs: passes of the stage.
        decay_share: share of the stage, at its end, that decays.
        warmup: passes that warm up.

    Returns:
        A factor in [0, 1].
    """
    return min(1.0, epoch / warmup) * (1.0 - decay_progress(epoch, epochs, decay_share))


def decay_progress(epoch: float, epochs: int, decay_share: float) -> float:
    """Return 0 until the last `decay_share` of a stage begins, then rise to 1 as a half cosine."""
    start = epochs * (1.0 - decay_share)
    if epoch <= start:
        return 0.0
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, (epoch - start) / (epochs - start)))


class WeightAverage:
    """Exponential moving average of a module's parameters."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        """Start at the module's weights.

        Args:
            module: what to average.
            decay: share of the old average kept at each step, once warmed up.
        """
        self.decay, self.steps = decay, 0
        self.weights = {name: value.detach().clone() for name, value in module.named_parameters()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take in the module's present weights."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in module.named_parameters():
            self.weights[name].lerp_(value, 1 - decay)

    def state(self) -> dict[str, Any]:
        """Return what `load` needs."""
        return {"steps": self.steps, "weights": self.weights}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a saved state."""
        self.steps = int(state["steps"])
        weights: dict[str, Tensor] = state["weights"]
        self.weights = {name: value.clone() for name, value in weights.items()}
