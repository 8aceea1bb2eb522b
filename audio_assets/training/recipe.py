"""The recipe of the default checkpoint, from a folder of clips to weights on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from audio_assets.models.encoder_config import audiomaepp_config
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.training.batches import BatchMaker
from audio_assets.training.clips import Clips, load_clips
from audio_assets.training.decoder import sinusoid_table
from audio_assets.training.evaluate import clip_vectors, neighbour_scores
from audio_assets.training.finetune import Stage, finetune
from audio_assets.training.pretrain import pretrain
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.state import RunState
from audio_assets.training.teachers import train_teachers
from audio_assets.transforms.logmel_image import LogmelImage


def new_encoder(settings: TrainingSettings) -> SpectrogramEncoder:
    """Return an encoder of the settings' geometry with new, seeded weights."""
    torch.manual_seed(settings.seed)
    config = audiomaepp_config(
        width=settings.width,
        depth=settings.depth,
        first_hidden=settings.first_hidden,
        second_hidden=settings.second_hidden,
        position_table=settings.position_table,
    )
    encoder = SpectrogramEncoder(config)
    for module in encoder.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    nn.init.normal_(encoder.cls_token, std=0.02)
    if encoder.position_table is not None:
        encoder.position_table.data[0, 1:] = sinusoid_table(config.grid, config.width)
    return encoder


def train_encoder(
    clips: Clips, settings: TrainingSettings, state_file: Path, *, resume: bool
) -> SpectrogramEncoder:
    """Pre-train and fine-tune an encoder.

    Args:
        clips: clips of the training folds and, where one is watched, of the validation fold.
        settings: the run's settings.
        state_file: where the unfinished run is saved.
        resume: continue a saved run; otherwise it is deleted.

    Returns:
        The encoder with its final, averaged weights.
    """
    if not resume:
        for path in state_files(state_file, settings):
            path.unlink(missing_ok=True)
    torch.set_num_threads(settings.threads)
    transform = LogmelImage()
    learned = clips.of_folds(settings.train_folds)
    state = RunState(state_file, _fingerprint(learned, settings))
    batches = BatchMaker(
        learned, transform, settings.seed, settings.mix_share, settings.synthetic_share
    )
    teacher = None
    if settings.teacher_epochs:
        _, *files = state_files(state_file, settings)
        saved = [RunState(path, state.fingerprint) for path in files]
        teacher = train_teachers(batches, settings, saved)
    encoder = new_encoder(settings)
    pretrain(encoder, batches, settings, state, teacher)
    saved = state.load()
    if saved:
        encoder.load_state_dict(saved["encoder"])
    validate = _validation(clips, settings, transform)
    for stage in finetuning_stages(settings):
        batches.mix_share = (
            settings.mix_share if stage.before is None else settings.finish_mix_share
        )
        finetune(encoder, batches, settings, state, stage, teacher, validate)
    return encoder.eval()


def finetuning_stages(settings: TrainingSettings) -> tuple[Stage, ...]:
    """Return the stages of fine-tuning: few patches first, then all of them and fewer mixtures."""
    first = Stage(
        "finetune", 1, settings.finetune_epochs, settings.patch_dropout, settings.decay_share
    )
    finish = Stage(
        "finish",
        3,
        settings.finish_epochs,
        settings.finish_dropout,
        settings.finish_decay_share,
        before=first.name,
    )
    return (first, finish) if settings.finish_epochs else (first,)


def state_files(state_file: Path, settings: TrainingSettings) -> tuple[Path, ...]:
    """Return the files of an unfinished run: the encoder's state, then each teacher's."""
    teachers = settings.teachers + settings.texture_teachers
    numbered = (state_file.with_suffix(f".teacher-{n}.pt") for n in range(1, teachers + 1))
    return state_file, *numbered


def read_training_clips(folder: Path, settings: TrainingSettings) -> Clips:
    """Decode the clips of the training and validation folds; no other file is opened."""
    transform = LogmelImage()
    folds = (
        settings.train_folds
        if settings.validation_fold is None
        else (
            *settings.train_folds,
            settings.validation_fold,
        )
    )
    return load_clips(folder, transform.sample_rate, transform.input_samples, folds)


def _validation(
    clips: Clips, settings: TrainingSettings, transform: LogmelImage
) -> Callable[[SpectrogramEncoder], dict[str, float]] | None:
    if settings.validation_fold is None:
        return None
    known, watched = (
        clips.of_folds(settings.train_folds),
        clips.of_folds((settings.validation_fold,)),
    )

    def validate(encoder: SpectrogramEncoder) -> dict[str, float]:
        vectors, queries = (
            clip_vectors(encoder, transform, known),
            clip_vectors(encoder, transform, watched),
        )
        scores = neighbour_scores(vectors, known.classes, queries, watched.classes)
        return asdict(scores)

    return validate


def _fingerprint(clips: Clips, settings: TrainingSettings) -> str:
    """Hash what a saved state depends on; a run may be continued with more epochs."""
    kept = {name: value for name, value in asdict(settings).items() if "epochs" not in name}
    digest = hashlib.sha256(clips.waveforms.tobytes())
    digest.update(json.dumps([kept, clips.files], sort_keys=True).encode())
    return digest.hexdigest()
