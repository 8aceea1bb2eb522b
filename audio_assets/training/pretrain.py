"""Masked pre-training: rebuild hidden patches, and follow the teacher on those that are seen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import torch
from torch import nn

from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.training.batches import Batch, BatchMaker
from audio_assets.training.decoder import MaskedDecoder
from audio_assets.training.loader import BatchStream, load_ahead
from audio_assets.training.losses import local_imitation_loss, reconstruction_loss
from audio_assets.training.optimization import parameter_groups, rate_factor, set_rate
from audio_assets.training.passes import passes
from audio_assets.training.record import record
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.state import RunState
from audio_assets.training.teachers import TeacherEnsemble

STAGE = "pretrain"


def pretrain(
    encoder: SpectrogramEncoder,
    batches: BatchMaker,
    settings: TrainingSettings,
    state: RunState,
    teacher: TeacherEnsemble | None = None,
) -> None:
    """Pre-train the encoder in place, or continue a pre-training.

    Args:
        encoder: the encoder to train.
        batches: source of sounds; the labels are not used.
        settings: the run's settings.
        state: where to save; a saved later stage means that there is nothing to do.
        teacher: whose local features to follow at the patches that are seen, or None. On a few
            hundred clips reconstruction alone leaves the encoder where fine-tuning learns slower
            than from new weights.
    """
    saved = state.load()
    if saved and saved["stage"] != STAGE:
        return
    decoder = MaskedDecoder(encoder.config)
    imitate = nn.Linear(encoder.config.width, teacher.map_width if teacher else 1)
    heads = nn.ModuleDict({"decoder": decoder, "imitate": imitate})
    groups = parameter_groups(encoder, heads, settings.pretrain_lr, 1.0, settings.weight_decay)
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95))
    first = 0
    if saved:
        encoder.load_state_dict(saved["encoder"])
        heads.load_state_dict(saved["heads"])
        optimizer.load_state_dict(saved["optimizer"])
        first = int(saved["epoch"])
    encoder.train()
    stream = load_ahead(
        BatchStream(batches, 0, range(first, settings.pretrain_epochs), settings.pretrain_batch),
        settings.loader_processes,
    )
    for epoch in passes(STAGE, first, settings.pretrain_epochs):
        started = time.monotonic()
        loss = _pass(
            encoder,
            heads,
            teacher,
            stream,
            batches.steps(settings.pretrain_batch),
            settings,
            optimizer,
            epoch,
        )
        seconds = time.monotonic() - started
        record(STAGE, epoch + 1, settings.pretrain_epochs, loss=loss, seconds=seconds)
        if (epoch + 1) % settings.save_every == 0 or epoch + 1 == settings.pretrain_epochs:
            parts = {"encoder": encoder.state_dict(), "heads": heads.state_dict()}
            state.save(STAGE, epoch + 1, {**parts, "optimizer": optimizer.state_dict()})


def _pass(
    encoder: SpectrogramEncoder,
    heads: nn.ModuleDict,
    teacher: TeacherEnsemble | None,
    stream: Iterator[Batch],
    steps: int,
    settings: TrainingSettings,
    optimizer: torch.optim.Optimizer,
    epoch: int,
) -> float:
    generator = torch.Generator().manual_seed(settings.seed * 100_003 + epoch)
    total = 0.0
    for step, batch in enumerate(islice(stream, steps)):
        done = epoch + step / steps
        set_rate(optimizer, rate_factor(done, settings.pretrain_epochs, decay_share=0.0))
        with torch.autocast("cpu", torch.bfloat16):
            latent, mask, ids_restore = encoder.forward_encoder(
                batch.images, settings.pretrain_mask, generator
            )
            predicted = heads["decoder"](latent, ids_restore)
        loss = reconstruction_loss(predicted, batch.images, mask, encoder.config.patch_size)
        if teacher is not None:
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                maps = teacher.maps(batch.images)
            kept = ids_restore.argsort(dim=1)[:, : latent.shape[1] - 1]
            guess = heads["imitate"](latent[:, 1:].float())
            local = local_imitation_loss(guess, maps, kept, encoder.config.grid)
            loss = loss + settings.local_weight * local
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*encoder.parameters(), *heads.parameters()], 3.0)
        optimizer.step()
        total += loss.item()
    return total / steps
