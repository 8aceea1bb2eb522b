"""Two heads over features of IQ: the linear probe of the project, and one that is fine-tuned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_assets.analysis.fewshot.training import train_head
from audio_assets.models.linear_probe.head import LinearHead, center_of, directions

HIDDEN = 256
EPOCHS = 150
RATE = 2e-3
DECAY = 1e-2
DROPOUT = 0.3
JITTER = 0.02


def train_linear(
    features: NDArray[np.float32], labels: NDArray[np.int64], classes: int
) -> LinearHead:
    """One balanced logistic regression per class, as few-shot labelling trains them.

    Args:
        features: float32 [N, dim].
        labels: int64 [N], each class at least once.
        classes: C.
    """
    center = center_of(features)
    centred = directions(features, center)
    heads = [
        train_head(centred, center, np.flatnonzero(labels == c), np.flatnonzero(labels != c))
        for c in range(classes)
    ]
    weight = np.concatenate([head.weight for head in heads])
    bias = np.concatenate([head.bias for head in heads])
    return LinearHead(weight, bias, center)


class FineTunedHead:
    """A hidden layer on top of the linear probe's output, which it starts from.

    At first it gives the probe's logits; gradient descent on the cross-entropy of all classes
    together then moves both.
    """

    def __init__(self, probe: LinearHead, seed: int = 0) -> None:
        """Start from a probe.

        Args:
            probe: a head of C classes.
            seed: of the hidden layer's first weights.
        """
        import torch
        from torch import nn

        generator = torch.Generator().manual_seed(seed)
        self._center = probe.center
        self._linear = nn.Linear(probe.dim, probe.classes)
        self._hidden = nn.Linear(probe.dim, HIDDEN)
        self._out = nn.Linear(HIDDEN, probe.classes)
        with torch.no_grad():
            self._linear.weight.copy_(torch.from_numpy(probe.weight))
            self._linear.bias.copy_(torch.from_numpy(probe.bias))
            self._hidden.weight.normal_(0, probe.dim**-0.5, generator=generator)
            self._hidden.bias.zero_()
            self._out.weight.zero_()
            self._out.bias.zero_()

    def train(
        self, features: NDArray[np.float32], labels: NDArray[np.int64], seed: int = 0
    ) -> None:
        """Fine-tune; equal inputs give an equal head on one machine.

        Args:
            features: float32 [N, dim].
            labels: int64 [N].
            seed: of order and dropout.
        """
        import torch
        from torch import nn

        generator = torch.Generator().manual_seed(seed)
        x = torch.from_numpy(directions(features, self._center))
        y = torch.from_numpy(labels)
        weights = [p for m in (self._linear, self._hidden, self._out) for p in m.parameters()]
        optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(x), generator=generator).split(64):
                noise = JITTER * torch.randn(x[rows].shape, generator=generator)
                loss = nn.functional.cross_entropy(
                    self._logits(x[rows] + noise, generator), y[rows]
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            schedule.step()

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits of features: float32 [N, C]."""
        import torch

        with torch.inference_mode():
            return self._logits(torch.from_numpy(directions(features, self._center))).numpy()

    def _logits(self, x, generator=None):  # type: ignore[no-untyped-def]
        import torch

        hidden = torch.nn.functional.gelu(self._hidden(x))
        if generator is not None:
            kept = torch.rand(hidden.shape, generator=generator) >= DROPOUT
            hidden = hidden * kept / (1 - DROPOUT)
        return self._linear(x) + self._out(hidden)


def predicted(head: LinearHead | FineTunedHead, features: NDArray[np.float32]) -> NDArray[np.int64]:
    """The likeliest class of each row, int64 [N]."""
    if isinstance(head, FineTunedHead):
        return head.logits(features).argmax(axis=1)
    centred = directions(features, head.center)
    return (centred @ head.weight.T + head.bias).argmax(axis=1)
