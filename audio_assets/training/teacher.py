"""The teachers: small convolutional nets, quick to train, that guide the transformer together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.training.batches import Batch, BatchMaker
from audio_assets.training.loader import BatchStream, load_ahead
from audio_assets.training.losses import CosineClassifier, classification_loss
from audio_assets.training.optimization import rate_factor, set_rate
from audio_assets.training.passes import passes
from audio_assets.training.record import record
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.state import RunState

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


class TeacherEnsemble(nn.Module):
    """Teachers of different seeds side by side: their mistakes differ, what they agree on stays."""

    def __init__(self, members: Sequence[ConvolutionalTeacher]) -> None:
        """Join trained teachers.

        Args:
            members: the teachers.
        """
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def width(self) -> int:
        """Channels of the joined local features, and length of the joined vectors."""
        return WIDTHS[-1] * len(self.members)

    def maps(self, images: Tensor) -> Tensor:
        """Turn pictures uint8 [B, H, W] into local features float32 [B, width, H / 32, W / 32]."""
        return torch.cat([member.maps(images) for member in self._teachers()], dim=1)

    def pool(self, maps: Tensor) -> Tensor:
        """Turn local features into one vector per picture, float32 [B, width].

        Each member's part has length 1, so that cosines are the mean of the members' cosines.
        """
        parts = maps.chunk(len(self.members), dim=1)
        pooled = (member.pool(part) for member, part in zip(self._teachers(), parts, strict=True))
        return torch.cat([functional.normalize(vectors, dim=-1) for vectors in pooled], dim=1)

    def _teachers(self) -> Iterator[ConvolutionalTeacher]:
        for member in self.members:
            assert isinstance(member, ConvolutionalTeacher)
            yield member


def _convolution(channels: int, width: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(channels, width, size, stride, size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))


def train_teachers(
    batches: BatchMaker, settings: TrainingSettings, states: Sequence[RunState]
) -> TeacherEnsemble:
    """Train an ensemble, or return the saved one.

    Args:
        batches: source of labelled sounds; each member draws its own stream.
        settings: the run's settings.
        states: where each finished member is saved.

    Returns:
        The ensemble, in evaluation mode.
    """
    members = []
    for number, state in enumerate(states):
        own = replace(settings, seed=settings.seed + number)
        members.append(_train_member(batches.reseeded(own.seed), own, state, number + 1))
    return TeacherEnsemble(members).eval()


def _train_member(
    batches: BatchMaker, settings: TrainingSettings, state: RunState, number: int
) -> ConvolutionalTeacher:
    torch.manual_seed(settings.seed)
    teacher = ConvolutionalTeacher(batches.classes)
    saved = state.load()
    if saved:
        teacher.load_state_dict(saved["teacher"])
        return teacher
    optimizer = torch.optim.AdamW(
        [
            {"params": [value], "lr": 0.0, "base_lr": settings.teacher_lr, "weight_decay": decay}
            for value in teacher.parameters()
            for decay in (settings.weight_decay if value.ndim > 1 else 0.0,)
        ]
    )
    teacher.train()
    epochs, size = settings.teacher_epochs, settings.teacher_batch
    stream = load_ahead(BatchStream(batches, 2, range(epochs), size), settings.loader_processes)
    for epoch in passes(f"teacher {number}", 0, epochs):
        started = time.monotonic()
        loss = _pass(teacher, stream, batches.steps(size), settings, optimizer, epoch)
        seconds = time.monotonic() - started
        record(f"teacher {number}", epoch + 1, epochs, loss=loss, seconds=seconds)
    state.save("teacher", epochs, {"teacher": teacher.state_dict()})
    return teacher


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
