"""Fine-tuning: shape the CLS vector so that neighbours share their class."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.models.encoder_config import EncoderConfig
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.training.batches import Batch, BatchMaker
from audio_assets.training.loader import BatchStream, load_ahead
from audio_assets.training.losses import (
    CosineClassifier,
    classification_loss,
    descriptors,
    imitation_loss,
    local_imitation_loss,
)
from audio_assets.training.optimization import (
    WeightAverage,
    decay_progress,
    parameter_groups,
    rate_factor,
    set_rate,
)
from audio_assets.training.passes import passes
from audio_assets.training.record import record
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.state import RunState
from audio_assets.training.teachers import TeacherEnsemble

PRETRAINED = "pretrain"
_DESCRIPTORS = 84


class Heads(nn.Module):
    """What fine-tuning reads off the tokens; thrown away afterwards."""

    def __init__(
        self, config: EncoderConfig, classes: int, teacher_width: int, map_width: int
    ) -> None:
        """Make the heads.

        Args:
            config: geometry of the encoder.
            classes: real and synthetic classes.
            teacher_width: length of the teachers' vectors; any without teachers.
            map_width: channels of their local features; any without teachers.
        """
        super().__init__()
        width, self.grid = config.width, config.grid
        self.classifier = CosineClassifier(width, classes)
        self.describe = nn.Linear(width, _DESCRIPTORS)
        self.imitate_locally = nn.Linear(width, map_width)
        self.imitate = nn.Linear(width, teacher_width)
        self.standardize = nn.BatchNorm1d(_DESCRIPTORS, affine=False)

    def loss(
        self,
        tokens: Tensor,
        ids_restore: Tensor,
        batch: Batch,
        teacher: TeacherEnsemble | None,
        settings: TrainingSettings,
    ) -> Tensor:
        """Sum the weighted losses of one batch.

        Args:
            tokens: what the encoder returned, float [B, 1 + K, width].
            ids_restore: place of each grid patch in the shuffled sequence, int64 [B, N].
            batch: the batch that they belong to.
            teacher: whom to imitate, or None.
            settings: weights of the losses.

        Returns:
            Scalar float32.
        """
        vectors = tokens[:, 0].float()
        loss = classification_loss(self.classifier, vectors, batch, settings)
        described = self.standardize(descriptors(batch.images))
        description = functional.smooth_l1_loss(self.describe(vectors), described)
        loss = loss + settings.descriptor_weight * description
        if teacher is None:
            return loss
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            maps = teacher.maps(batch.images)
            target = teacher.vectors(batch.images, maps)
        imitation = imitation_loss(self.imitate(vectors), vectors, target)
        kept = ids_restore.argsort(dim=1)[:, : tokens.shape[1] - 1]
        guess = self.imitate_locally(tokens[:, 1:].float())
        local = local_imitation_loss(guess, maps, kept, self.grid)
        return loss + settings.imitation_weight * imitation + settings.local_weight * local


@dataclass(frozen=True)
class Stage:
    """One stage of fine-tuning.

    Attributes:
        name: name in the saved state and the log.
        number: key of its random streams.
        epochs: passes.
        patch_dropout: shares of patches left out before and at the end of the rate's decay.
        decay_share: share of the stage, at its end, in which the rate falls to zero.
        before: name of the stage that it continues, or None.
    """

    name: str
    number: int
    epochs: int
    patch_dropout: tuple[float, float]
    decay_share: float
    before: str | None = None


def finetune(
    encoder: SpectrogramEncoder,
    batches: BatchMaker,
    settings: TrainingSettings,
    state: RunState,
    stage: Stage,
    teacher: TeacherEnsemble | None = None,
    validate: Callable[[SpectrogramEncoder], dict[str, float]] | None = None,
) -> None:
    """Fine-tune the encoder in place, or continue; it ends with the averaged weights.

    Args:
        encoder: a pre-trained encoder.
        batches: source of labelled sounds.
        settings: the run's settings.
        state: where to save; a saved stage that is neither this one nor the one before means that
            there is nothing to do.
        stage: which stage this is.
        teacher: whose vectors to imitate, or None.
        validate: scores an encoder of averaged weights every few epochs.
    """
    widths = (teacher.width, teacher.map_width) if teacher else (1, 1)
    heads = Heads(encoder.config, batches.classes, *widths)
    first, saved = 0, state.load()
    if saved and saved["stage"] not in (PRETRAINED, stage.name, stage.before):
        return
    if saved and saved["stage"] == stage.before:
        encoder.load_state_dict({**encoder.state_dict(), **saved["average"]["weights"]})
        heads.load_state_dict(saved["heads"])
    groups = parameter_groups(
        encoder, heads, settings.finetune_lr, settings.layer_decay, settings.weight_decay
    )
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98))
    average = WeightAverage(encoder, settings.ema_decay)
    if saved and saved["stage"] == stage.name:
        encoder.load_state_dict(saved["encoder"])
        heads.load_state_dict(saved["heads"])
        optimizer.load_state_dict(saved["optimizer"])
        average.load(saved["average"])
        first = int(saved["epoch"])
    encoder.drop_path = settings.drop_path
    size, steps = settings.finetune_batch, batches.steps(settings.finetune_batch)
    ahead = BatchStream(batches, stage.number, range(first, stage.epochs), size)
    stream = load_ahead(ahead, settings.loader_processes)
    for epoch in passes(stage.name, first, stage.epochs):
        started = time.monotonic()
        run = _Pass(encoder, heads, teacher, stage, settings, optimizer, average)
        loss = run(stream, steps, epoch)
        seconds, done = time.monotonic() - started, epoch + 1
        record(stage.name, done, stage.epochs, loss=loss, seconds=seconds)
        if done % settings.save_every == 0 or done == stage.epochs:
            parts = {
                "encoder": encoder.state_dict(),
                "heads": heads.state_dict(),
                "average": average.state(),
            }
            state.save(stage.name, done, {**parts, "optimizer": optimizer.state_dict()})
        if validate and (done % settings.validate_every == 0 or done == stage.epochs):
            scores = validate(averaged(encoder, average))
            record(f"{stage.name} validation", done, stage.epochs, **scores)
    encoder.load_state_dict({**encoder.state_dict(), **average.weights})


def averaged(encoder: SpectrogramEncoder, average: WeightAverage) -> SpectrogramEncoder:
    """Return a copy of the encoder with the averaged weights."""
    copy = SpectrogramEncoder(encoder.config)
    copy.load_state_dict(average.weights)
    return copy


@dataclass(frozen=True)
class _Pass:
    """One pass over the clips: everything that a step changes or reads."""

    encoder: SpectrogramEncoder
    heads: Heads
    teacher: TeacherEnsemble | None
    stage: Stage
    settings: TrainingSettings
    optimizer: torch.optim.Optimizer
    average: WeightAverage

    def __call__(self, stream: Iterator[Batch], steps: int, epoch: int) -> float:
        """Learn from `steps` batches; returns the mean loss."""
        self.encoder.train()
        seed = self.settings.seed * 100_003 + 50_000 * self.stage.number + epoch
        generator = torch.Generator().manual_seed(seed)
        total = 0.0
        for step, batch in enumerate(islice(stream, steps)):
            total += self._step(batch, epoch + step / steps, generator)
        return total / steps

    def _step(self, batch: Batch, done: float, generator: torch.Generator) -> float:
        stage, modules = self.stage, (self.encoder, self.heads)
        set_rate(self.optimizer, rate_factor(done, stage.epochs, stage.decay_share))
        early, late = stage.patch_dropout
        dropout = early + (late - early) * decay_progress(done, stage.epochs, stage.decay_share)
        with torch.autocast("cpu", torch.bfloat16):
            latent, _, ids_restore = self.encoder.forward_encoder(batch.images, dropout, generator)
        loss = self.heads.loss(latent, ids_restore, batch, self.teacher, self.settings)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        parameters = [value for module in modules for value in module.parameters()]
        torch.nn.utils.clip_grad_norm_(parameters, 3.0)
        self.optimizer.step()
        self.average.update(self.encoder)
        return loss.item()
