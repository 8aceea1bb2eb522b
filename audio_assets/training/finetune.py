"""Fine-tuning: shape the CLS vector so that neighbours share their class."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.training.batches import Batch, BatchMaker
from audio_assets.training.loader import BatchStream, load_ahead
from audio_assets.training.losses import (
    CosineClassifier,
    classification_loss,
    descriptors,
    imitation_loss,
)
from audio_assets.training.optimization import (
    WeightAverage,
    decay_progress,
    parameter_groups,
    rate_factor,
    set_rate,
)
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.state import RunState
from audio_assets.training.teacher import WIDTHS, ConvolutionalTeacher

logger = logging.getLogger(__name__)
STAGE = "finetune"
_DESCRIPTORS = 84


class Heads(nn.Module):
    """What fine-tuning reads off the CLS vector; thrown away afterwards."""

    def __init__(self, width: int, classes: int) -> None:
        """Make the heads.

        Args:
            width: length of the CLS vector.
            classes: real and synthetic classes.
        """
        super().__init__()
        self.classifier = CosineClassifier(width, classes)
        self.describe = nn.Linear(width, _DESCRIPTORS)
        self.imitate = nn.Linear(width, WIDTHS[-1])
        self.standardize = nn.BatchNorm1d(_DESCRIPTORS, affine=False)

    def loss(
        self, vectors: Tensor, batch: Batch, target: Tensor | None, settings: TrainingSettings
    ) -> Tensor:
        """Sum the weighted losses of one batch.

        Args:
            vectors: CLS vectors, float [B, width].
            batch: the batch that they belong to.
            target: the teacher's vectors of the same pictures, float [B, teacher width], or None.
            settings: weights of the losses.

        Returns:
            Scalar float32.
        """
        vectors = vectors.float()
        loss = classification_loss(self.classifier, vectors, batch, settings)
        if target is not None:
            imitation = imitation_loss(self.imitate(vectors), vectors, target)
            loss = loss + settings.imitation_weight * imitation
        described = self.standardize(descriptors(batch.images))
        description = functional.smooth_l1_loss(self.describe(vectors), described)
        return loss + settings.descriptor_weight * description


def finetune(
    encoder: SpectrogramEncoder,
    batches: BatchMaker,
    settings: TrainingSettings,
    state: RunState,
    teacher: ConvolutionalTeacher | None = None,
    validate: Callable[[SpectrogramEncoder], str] | None = None,
) -> None:
    """Fine-tune the encoder in place, or continue; it ends with the averaged weights.

    Args:
        encoder: a pre-trained encoder.
        batches: source of labelled sounds.
        settings: the run's settings.
        state: where to save.
        teacher: whose vectors to imitate, or None.
        validate: called with an encoder of averaged weights every few epochs; its text is logged.
    """
    heads = Heads(encoder.config.width, batches.classes)
    groups = parameter_groups(
        encoder, heads, settings.finetune_lr, settings.layer_decay, settings.weight_decay
    )
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98))
    average = WeightAverage(encoder, settings.ema_decay)
    first = 0
    saved = state.load()
    if saved and saved["stage"] == STAGE:
        encoder.load_state_dict(saved["encoder"])
        heads.load_state_dict(saved["heads"])
        optimizer.load_state_dict(saved["optimizer"])
        average.load(saved["average"])
        first = int(saved["epoch"])
    encoder.drop_path = settings.drop_path
    stream = load_ahead(
        BatchStream(batches, 1, range(first, settings.finetune_epochs), settings.finetune_batch),
        settings.loader_processes,
    )
    for epoch in range(first, settings.finetune_epochs):
        started = time.monotonic()
        loss = _pass(
            encoder,
            heads,
            teacher,
            stream,
            batches.steps(settings.finetune_batch),
            settings,
            optimizer,
            average,
            epoch,
        )
        seconds = time.monotonic() - started
        logger.info(
            "finetune epoch %d/%d loss %.4f %.1f s",
            epoch + 1,
            settings.finetune_epochs,
            loss,
            seconds,
        )
        done = epoch + 1
        if done % settings.save_every == 0 or done == settings.finetune_epochs:
            parts = {
                "encoder": encoder.state_dict(),
                "heads": heads.state_dict(),
                "average": average.state(),
            }
            state.save(STAGE, done, {**parts, "optimizer": optimizer.state_dict()})
        if validate and (done % settings.validate_every == 0 or done == settings.finetune_epochs):
            logger.info("finetune epoch %d %s", done, validate(averaged(encoder, average)))
    encoder.load_state_dict({**encoder.state_dict(), **average.weights})


def averaged(encoder: SpectrogramEncoder, average: WeightAverage) -> SpectrogramEncoder:
    """Return a copy of the encoder with the averaged weights."""
    copy = SpectrogramEncoder(encoder.config)
    copy.load_state_dict(average.weights)
    return copy


def _pass(
    encoder: SpectrogramEncoder,
    heads: Heads,
    teacher: ConvolutionalTeacher | None,
    stream: Iterator[Batch],
    steps: int,
    settings: TrainingSettings,
    optimizer: torch.optim.Optimizer,
    average: WeightAverage,
    epoch: int,
) -> float:
    encoder.train()
    generator = torch.Generator().manual_seed(settings.seed * 100_003 + 50_000 + epoch)
    total = 0.0
    for step, batch in enumerate(islice(stream, steps)):
        done = epoch + step / steps
        set_rate(optimizer, rate_factor(done, settings.finetune_epochs, settings.decay_share))
        early, late = settings.patch_dropout
        decayed = decay_progress(done, settings.finetune_epochs, settings.decay_share)
        dropout = early + (late - early) * decayed
        with torch.autocast("cpu", torch.bfloat16):
            latent, _, _ = encoder.forward_encoder(batch.images, dropout, generator)
            with torch.no_grad():
                target = teacher.embed(batch.images) if teacher else None
        loss = heads.loss(latent[:, 0], batch, target, settings)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*encoder.parameters(), *heads.parameters()], 3.0)
        optimizer.step()
        average.update(encoder)
        total += loss.item()
    return total / steps
