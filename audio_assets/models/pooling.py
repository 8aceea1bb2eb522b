"""Pooling: how the tokens of one or more model inputs become one vector."""

from __future__ import annotations

import torch
from torch import Tensor

from audio_assets.errors import CardError
from audio_assets.models.card import Pooling
from audio_assets.models.encoder_config import EncoderConfig
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

LAYOUTS = {"scene": "published", "bands": "true"}
"""Pooling -> layout of the frames that it averages."""


def pooled_dim(config: EncoderConfig, pooling: Pooling) -> int:
    """Return the length of a pooled vector.

    Args:
        config: the encoder's geometry.
        pooling: value of the card.

    Raises:
        CardError: when the model has no such pooling.
    """
    if pooling in LAYOUTS:
        if not config.time_first:
            raise CardError(
                f"Pooling {pooling!r} is over frames of time; this model reads square images. "
                "Use cls, mean or cls+mean."
            )
        return config.width * config.grid[1]
    if pooling == "fc_norm" and not config.head_norm:
        raise CardError(
            "Pooling 'fc_norm' needs a fine-tuned model with a norm before its head; this one has "
            "none. Use cls, mean or cls+mean."
        )
    return config.width * (2 if pooling == "cls+mean" else 1)


def pool_tokens(tokens: Tensor, pooling: Pooling) -> Tensor:
    """Make one vector of tokens.

    Args:
        tokens: float32 [B, 1 + N, width], CLS first.
        pooling: "cls", "mean" of the patches, or "cls+mean": the two side by side.

    Returns:
        float32 [B, width], or [B, 2 * width] for "cls+mean".
    """
    parts = {"cls": tokens[:, 0], "mean": tokens[:, 1:].mean(dim=1)}
    return torch.cat([parts[part] for part in pooling.split("+")], dim=-1)


def frame_features(tokens: Tensor, grid: tuple[int, int], layout: str) -> Tensor:
    """Arrange patch tokens as frames, each the vectors of all frequency patches side by side.

    Tokens are time-major, ``index = frame * columns + column``. The published AudioMAE++ code reads
    them as if they were frequency-major ("b (f t) d -> b t (f d)"): its "frame" j holds tokens j,
    j + frames, j + 2 frames, …; its published results were made so. The true layout holds the
    patches of one time.

    Args:
        tokens: float [B, 1 + N, D], CLS first.
        grid: (frames, columns) of the patch grid.
        layout: "published" or "true".

    Returns:
        float [B, frames, columns * D].
    """
    frames, columns = grid
    batch, _, width = tokens.shape
    patches = tokens[:, 1:]
    if layout == "published":
        patches = patches.reshape(batch, columns, frames, width).transpose(1, 2)
    return patches.reshape(batch, frames, columns * width)


def kept_frames(chunks: int, config: EncoderConfig, rows: int) -> int:
    """Frames that stay when the padding of the last chunk is cut off, as the published code does.

    Args:
        chunks: model inputs side by side.
        config: the encoder's geometry.
        rows: rows of the spectrogram that are no padding.

    Returns:
        chunks * grid rows - int(grid rows * padding / rows of an input), at least 1.
    """
    size = config.image_size[0]
    return max(1, chunks * config.grid[0] - int(config.grid[0] * (chunks * size - rows) / size))


def pool_chunks(tokens: Tensor, model: SpectrogramEncoder, pooling: Pooling, rows: int) -> Tensor:
    """Make one vector of the tokens of consecutive model inputs.

    Args:
        tokens: float32 [B, chunks, 1 + N, width].
        model: the encoder that made them.
        pooling: "scene" and "bands" average the frames of all chunks without those of the padding,
            in the published or the true layout; the others average the chunks' own vectors;
            "fc_norm" is the normalised mean that a fine-tuned model's head reads.
        rows: rows of the spectrogram that are no padding.

    Returns:
        float32 [B, dim].
    """
    batch, chunks = tokens.shape[:2]
    flat = tokens.flatten(0, 1)
    if pooling in LAYOUTS:
        frames = frame_features(flat, model.config.grid, LAYOUTS[pooling])
        frames = frames.reshape(batch, -1, frames.shape[-1])
        return frames[:, : kept_frames(chunks, model.config, rows)].mean(dim=1)
    if pooling == "fc_norm" and model.head is not None:
        vectors = model.head.embed(flat)
    else:
        vectors = pool_tokens(flat, pooling)
    return vectors.reshape(batch, chunks, -1).mean(dim=1)
