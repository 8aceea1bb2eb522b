"""Writing an encoder as a checkpoint file of the AudioMAE++ family."""

from __future__ import annotations

import re
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from audio_assets.errors import CheckpointError
from audio_assets.models.blocks.rotary import inverse_frequencies, rotary_tables
from audio_assets.models.encoder_config import HEAD_DIM
from audio_assets.models.key_map import ROW_SCALE
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.storage import atomic_open

_RENAMES = (
    (r"patch_embedding\.", r"patch_embed.proj."),
    (r"position_table", r"pos_embed"),
    (r"norm\.", r"encoder_norm."),
    (r"blocks\.(\d+)\.first_norm\.", r"encoder_blocks.\1.norm1."),
    (r"blocks\.(\d+)\.first\.up\.", r"encoder_blocks.\1.ffn1.net.0."),
    (r"blocks\.(\d+)\.first\.down\.", r"encoder_blocks.\1.ffn1.net.3."),
    (r"blocks\.(\d+)\.attention_norm\.", r"encoder_blocks.\1.norm2."),
    (r"blocks\.(\d+)\.attention\.qkv\.", r"encoder_blocks.\1.attn.to_qkv."),
    (r"blocks\.(\d+)\.attention\.out\.", r"encoder_blocks.\1.attn.to_out.0."),
    (r"blocks\.(\d+)\.second_norm\.", r"encoder_blocks.\1.norm3."),
    (r"blocks\.(\d+)\.second\.", r"encoder_blocks.\1.ffn2.w_"),
)


def audiomaepp_state(
    encoder: SpectrogramEncoder, dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """Return an encoder's weights under the family's published names, rotary tables included.

    Args:
        encoder: a Macaron encoder with rotary positions.
        dtype: storage of matrices; vectors and tables stay float32. int8 is symmetric, with one
            float32 scale per row beside it.

    Returns:
        Tensors by published name.

    Raises:
        CheckpointError: when the encoder is of another form, or a weight does not fit the dtype.
    """
    config = encoder.config
    if config.block != "macaron" or not config.rotary or config.second_norm != "own":
        raise CheckpointError(f"only the AudioMAE++ form can be written; found {config}.")
    state: dict[str, Tensor] = {}
    for name, value in encoder.named_parameters():
        published, weight = _publish(name), value.detach().float()
        narrow = dtype if value.ndim in (2, 4) else torch.float32
        if not bool(torch.isfinite(weight).all()):
            raise CheckpointError(f"{name!r} holds NaN or infinite weights.")
        if narrow == torch.int8:
            state[published], state[published + ROW_SCALE] = _by_rows(weight)
            continue
        stored = weight.to(narrow).contiguous()
        if not bool(torch.isfinite(stored).all()):
            raise CheckpointError(f"{name!r} does not fit {dtype}: a weight is too large.")
        state[published] = stored
    cos, sin = rotary_tables(torch.arange(1 + config.patches), HEAD_DIM)
    for block in range(config.depth):
        prefix = f"encoder_blocks.{block}.attn.rope."
        tables = {
            "inv_freq": inverse_frequencies(HEAD_DIM),
            "cos_cached": cos.clone(),
            "sin_cached": sin.clone(),
        }
        state |= {prefix + name: table for name, table in tables.items()}
    return state


def write_weights(encoder: SpectrogramEncoder, path: Path, dtype: torch.dtype = torch.int8) -> None:
    """Write an encoder as a safetensors file, replacing an older one at once.

    Args:
        encoder: the encoder.
        path: the file.
        dtype: storage of matrices.

    Raises:
        CheckpointError: see `audiomaepp_state`.
        StorageError: when the file cannot be written.
    """
    content = safetensors.torch.save(audiomaepp_state(encoder, dtype), metadata={"format": "pt"})
    with atomic_open(path) as stream:
        stream.write(content)


def _by_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round a matrix to int8; returns it and one scale per row, float32 [rows]."""
    scale = weight.flatten(1).abs().amax(dim=1).clamp(min=1e-12) / 127.0
    rows = scale.view(-1, *[1] * (weight.ndim - 1))
    return (weight / rows).round().to(torch.int8).contiguous(), scale.contiguous()


def _publish(name: str) -> str:
    for pattern, replacement in _RENAMES:
        published, count = re.subn("^" + pattern, replacement, name)
        if count:
            return published
    return name
