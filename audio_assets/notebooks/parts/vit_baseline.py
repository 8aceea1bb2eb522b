"""The plain ViT of the same family: what a notebook takes instead of the AudioMAE++ form."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from audio_assets.errors import CheckpointError
from audio_assets.models.audiomaepp_family import BASELINE
from audio_assets.models.encoder_config import baseline_config
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.storage import atomic_open
from audio_assets.training.decoder import sinusoid_table
from audio_assets.training.settings import TrainingSettings


def new_vit_encoder(settings: TrainingSettings) -> SpectrogramEncoder:
    """Return a pre-norm ViT with an absolute position table and new, seeded weights.

    Args:
        settings: `width`, `depth`, `first_hidden` and `seed` are used.

    Returns:
        The encoder.
    """
    torch.manual_seed(settings.seed)
    config = baseline_config(
        width=settings.width, depth=settings.depth, first_hidden=settings.first_hidden
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


def write_vit_weights(
    encoder: SpectrogramEncoder, path: Path, dtype: torch.dtype = torch.float32
) -> None:
    """Write an encoder as a safetensors file under the names of the family's baseline.

    Args:
        encoder: a ViT encoder with a position table.
        path: the file.
        dtype: storage of the weights; float32 only.

    Raises:
        CheckpointError: another dtype, or a weight that is not finite.
        StorageError: the file cannot be written.
    """
    if dtype != torch.float32:
        raise CheckpointError('the baseline is stored as float32; set STORAGE = "float32".')
    state = {}
    for name, value in encoder.named_parameters():
        if not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"{name!r} holds NaN or infinite weights.")
        state[BASELINE.published(name)] = value.detach().float().contiguous()
    with atomic_open(path) as stream:
        stream.write(safetensors.torch.save(state, metadata={"format": "pt"}))
