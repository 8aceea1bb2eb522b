"""The teachers: nets of different kinds and seeds, quick to train, that guide the transformer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.training.batches import Batch, BatchMaker
from audio_assets.training.convolutional_teacher import WIDTHS, ConvolutionalTeacher
from audio_assets.training.loader import BatchStream, load_ahead
from audio_assets.training.losses import classification_loss
from audio_assets.training.optimization import rate_factor, set_rate
from audio_assets.training.passes import passes
from audio_assets.training.record import record
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.state import RunState
from audio_assets.training.texture_teacher import HIDDEN, TextureTeacher

DECAY_SHARE = 0.7  # of a teacher's passes, in which its learning rate falls to zero

SOFTER = 2.0  # divisor of the logits: what is second most likely is told, too

Teacher = ConvolutionalTeacher | TextureTeacher


class TeacherEnsemble(nn.Module):
    """Teachers side by side: their mistakes differ, what they agree on stays."""

    def __init__(self, members: Sequence[Teacher]) -> None:
        """Join trained teachers.

        Args:
            members: the teachers; at least one of them is convolutional.
        """
        super().__init__()
        self.nets = nn.ModuleList(m for m in members if isinstance(m, ConvolutionalTeacher))
        self.textures = nn.ModuleList(m for m in members if isinstance(m, TextureTeacher))

    @property
    def map_width(self) -> int:
        """Channels of the joined local features."""
        return WIDTHS[-1] * len(self.nets)

    @property
    def width(self) -> int:
        """Length of the joined vectors."""
        return self.map_width + HIDDEN * len(self.textures) + self._classes

    def maps(self, images: Tensor) -> Tensor:
        """Turn pictures uint8 [B, H, W] into local features, float32 [B, map_width, h, w]."""
        return torch.cat([net.maps(images) for net in self._nets()], dim=1)

    def vectors(self, images: Tensor, maps: Tensor) -> Tensor:
        """Turn pictures uint8 [B, H, W] and their maps into vectors, float32 [B, width].

        Each member's part has length 1, and the part of what they believe together weighs as much
        as all of these: half of a cosine is how alike the sounds are to the members, half how much
        their beliefs overlap (Bhattacharyya's coefficient).
        """
        parts = maps.chunk(len(self.nets), dim=1)
        found = [net.pool(part) for net, part in zip(self._nets(), parts, strict=True)]
        found += [texture.embed(images) for texture in self._textures()]
        members = [*self._nets(), *self._textures()]
        logits = [m.classifier(vectors) for m, vectors in zip(members, found, strict=True)]
        beliefs = torch.stack([(x / SOFTER).softmax(dim=1) for x in logits]).mean(dim=0)
        alike = [functional.normalize(vectors, dim=-1) for vectors in found]
        return torch.cat([*alike, beliefs.sqrt() * len(members) ** 0.5], dim=1)

    @property
    def _classes(self) -> int:
        return len(next(self._nets()).classifier.prototypes)

    def _nets(self) -> Iterator[ConvolutionalTeacher]:
        for member in self.nets:
            assert isinstance(member, ConvolutionalTeacher)
            yield member

    def _textures(self) -> Iterator[TextureTeacher]:
        for member in self.textures:
            assert isinstance(member, TextureTeacher)
            yield member


def crop(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Cut the same random stretch of time out of all pictures; uint8 [B, H, share x W]."""
    width = round(images.shape[2] * share)
    start = int(torch.randint(images.shape[2] - width + 1, (1,), generator=generator))
    return images[:, :, start : start + width]


def train_teachers(
    batches: BatchMaker, settings: TrainingSettings, states: Sequence[RunState]
) -> TeacherEnsemble:
    """Train an ensemble, or return the saved one.

    Args:
        batches: source of labelled sounds; each member draws its own stream.
        settings: the run's settings.
        states: where each finished member is saved, the convolutional ones first.

    Returns:
        The ensemble, in evaluation mode.
    """
    return TeacherEnsemble(
        [_train_member(batches, settings, state, number) for number, state in enumerate(states)]
    ).eval()


def _train_member(
    batches: BatchMaker, settings: TrainingSettings, state: RunState, number: int
) -> Teacher:
    convolutional = number < settings.teachers
    own = replace(settings, seed=settings.seed + number, label_smoothing=0.0)
    torch.manual_seed(own.seed)
    if convolutional:
        teacher: Teacher = ConvolutionalTeacher(batches.classes)
        source = batches.reseeded(own.seed, settings.teacher_mix_share)
    else:  # hidden strips falsify the statistics of a texture
        teacher = TextureTeacher(batches.classes)
        source = batches.reseeded(own.seed, settings.mix_share, hidden_share=0.1)
        own = replace(own, teacher_lr=2e-3, teacher_batch=32, teacher_crop=1.0)
    saved = state.load()
    if saved:
        teacher.load_state_dict(saved["teacher"])
        return teacher
    optimizer = torch.optim.AdamW(
        [
            {"params": [value], "lr": 0.0, "base_lr": own.teacher_lr, "weight_decay": decay}
            for value in teacher.parameters()
            for decay in (own.weight_decay if value.ndim > 1 else 0.0,)
        ]
    )
    teacher.train()
    epochs, size = own.teacher_epochs, own.teacher_batch
    stream = load_ahead(BatchStream(source, 2, range(epochs), size), own.loader_processes)
    name = f"teacher {number + 1}"
    for epoch in passes(name, 0, epochs):
        started = time.monotonic()
        loss = _pass(teacher, stream, source.steps(size), own, optimizer, epoch)
        record(name, epoch + 1, epochs, loss=loss, seconds=time.monotonic() - started)
    state.save("teacher", epochs, {"teacher": teacher.state_dict()})
    return teacher


def _pass(
    teacher: Teacher,
    stream: Iterator[Batch],
    steps: int,
    settings: TrainingSettings,
    optimizer: torch.optim.Optimizer,
    epoch: int,
) -> float:
    total = 0.0
    generator = torch.Generator().manual_seed(settings.seed * 100_003 + epoch)
    for step, batch in enumerate(islice(stream, steps)):
        done = epoch + step / steps
        set_rate(optimizer, rate_factor(done, settings.teacher_epochs, DECAY_SHARE))
        seen = crop(batch.images, settings.teacher_crop, generator)
        with torch.autocast("cpu", torch.bfloat16):
            vectors = teacher.embed(seen)
        loss = classification_loss(teacher.classifier, vectors, batch, settings)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / steps
