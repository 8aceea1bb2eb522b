"""The teacher: a small convolutional net, quick to train, that guides the transformer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.training.batches import Batch, BatchMaker
from audio_assets.training.loader import BatchStream, load_ahead
from audio_assets.training.losses import CosineClassifier, classification_loss
from audio_assets.training.optimization import rate_factor, set_rate
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.state import RunState

logger = logging.getLogger(__name__)
WIDTHS = (24, 48, 96, 192)


class ConvolutionalTeacher(nn.Module):
    """Plain convolutions over a half-size spectrogram, pooled over frequency, then time.

    The pooling is that of PANNs (Kong et al. 2019, arXiv:1912.10211).
    """

    def __init__(self, classes: int) -> None:
        """Make the net.

        Args:
            classes: real and synthetic classes.
        """
        super().__init__()
        channels = WIDTHS[0]
        layers: list[nn.Module] = [_convolution(1, channels, size=5, stride=2)]
        for width in WIDTHS[1:]:
            layers += [_convolution(channels, width), _convolution(width, width), nn.AvgPool2d(2)]
            channels = width
        body = nn.Sequential(*layers)
        self.body = body.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.project = nn.Linear(channels, channels)
        self.classifier = CosineClassifier(channels, classes)

    def maps(self, images: Tensor) -> Tensor:
        """Turn pictures uint8 [B, H, W] into local features float32 [B, 192, H / 32, W / 32]."""
        levels = functional.avg_pool2d(images[:, None].float() / 255.0, 2) * 2.0 - 0.5
        return self.body(levels.contiguous(memory_format=torch.channels_last)).float()

    def pool(self, maps: Tensor) -> Tensor:
        """Turn local features into one vector per picture, float32 [B, 192]."""
        over_time = maps.mean(dim=2)
        return self.project(over_time.amax(dim=2) + over_time.mean(dim=2)).float()

    def embed(self, images: Tensor) -> Tensor:
        """Turn pictures uint8 [B, H, W] into vectors float32 [B, 192]."""
        return self.pool(self.maps(images))

    def forward(self, images: Tensor) -> Tensor:
        """Score pictures uint8 [B, H, W]; returns logits float32 [B, classes]."""
        return self.classifier(self.embed(images))


def _convolution(channels: int, width: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(channels, width, size, stride, size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))


def train_teacher(
    batches: BatchMaker, settings: TrainingSettings, state: RunState
) -> ConvolutionalTeacher:
    """Train a teacher, or return the saved one.

    Args:
        batches: source of labelled sounds.
        settings: the run's settings.
        state: where the finished teacher is saved.

    Returns:
        The teacher, in evaluation mode.
    """
    torch.manual_seed(settings.seed)
    teacher = ConvolutionalTeacher(batches.classes)
    saved = state.load()
    if saved:
        teacher.load_state_dict(saved["teacher"])
        return teacher.eval()
    optimizer = torch.optim.AdamW(
        [
            {"params": [value], "lr": 0.0, "base_lr": settings.teacher_lr, "weight_decay": decay}
            for value in teacher.parameters()
            for decay in (settings.weight_decay if value.ndim > 1 else 0.0,)
        ]
    )
    teacher.train()
    stream = load_ahead(
        BatchStream(batches, 2, range(settings.teacher_epochs), settings.teacher_batch),
        settings.loader_processes,
    )
    for epoch in range(settings.teacher_epochs):
        started = time.monotonic()
        loss = _pass(
            teacher, stream, batches.steps(settings.teacher_batch), settings, optimizer, epoch
        )
        seconds = time.monotonic() - started
        logger.info(
            "teacher epoch %d/%d loss %.4f %.1f s",
            epoch + 1,
            settings.teacher_epochs,
            loss,
            seconds,
        )
    state.save("teacher", settings.teacher_epochs, {"teacher": teacher.state_dict()})
    return teacher.eval()


def _pass(
    teacher: ConvolutionalTeacher,
    stream: Iterator[Batch],
    steps: int,
    settings: TrainingSettings,
    optimizer: torch.optim.Optimizer,
    epoch: int,
) -> float:
    total = 0.0
    for step, batch in enumerate(islice(stream, steps)):
        done = epoch + step / steps
        set_rate(optimizer, rate_factor(done, settings.teacher_epochs, settings.decay_share))
        with torch.autocast("cpu", torch.bfloat16):
            vectors = teacher.embed(batch.images)
        loss = classification_loss(teacher.classifier, vectors, batch, settings)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / steps
