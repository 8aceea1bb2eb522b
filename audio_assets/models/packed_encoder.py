"""A spectrogram encoder for bfloat16 inference on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor

from audio_assets.models.blocks.packed_block import PackedBlock, PackedRotary
from audio_assets.models.blocks.rotary import cos_and_sin, inverse_frequencies
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

USUAL_BATCH = 8
"""Samples for which weights are laid out; see `encoding.batches.ROWS_ON_CPU`."""


class PackedEncoder:
    """The blocks of a `SpectrogramEncoder` in bfloat16; patches and the last norm stay in float32.

    Against automatic mixed precision, weights are rounded once instead of in every call, and the
    element-wise work happens inside the products.
    """

    def __init__(self, model: SpectrogramEncoder, *, fused: bool | None = None) -> None:
        """Pack a model's blocks; a second copy of their weights, half as large.

        Args:
            model: on the CPU, in evaluation mode.
            fused: as in `PackedLinear`.
        """
        self._model = model
        rows = USUAL_BATCH * (1 + model.config.patches)
        self._blocks = [PackedBlock(block, rows, fused) for block in model.blocks]  # pyright: ignore[reportArgumentType]
        positions = torch.arange(1 + model.config.patches)
        self._rotary = [self._tables(positions, depth) for depth in range(model.config.depth)]

    def forward_features(self, spectrogram: Tensor, *, first_only: bool = False) -> Tensor:
        """Encode without a mask.

        Args:
            spectrogram: as `SpectrogramEncoder.embed` takes it.
            first_only: the CLS token alone is wanted.

        Returns:
            float32 [B, 1 + N, D], or [B, 1, D] with ``first_only``.
        """
        model = self._model
        patches = model.embed(spectrogram)
        cls_token: Tensor = model.cls_token
        if model.position_table is not None:
            patches = patches + model.position_table[:, 1:]
            cls_token = cls_token + model.position_table[:, :1]
        batch, _, width = patches.shape
        tokens = torch.cat([cls_token.expand(batch, -1, -1), patches], dim=1)
        rows = tokens.to(torch.bfloat16).reshape(-1, width)
        last = len(self._blocks) - 1
        for depth, (block, rotary) in enumerate(zip(self._blocks, self._rotary, strict=True)):
            rows = block(rows, batch, rotary, first_only and depth == last)
        return model.norm(rows.float().view(batch, -1, width))

    def _tables(self, positions: Tensor, depth: int) -> PackedRotary | None:
        config = self._model.config
        if not config.rotary:
            return None
        stored = self._model.rotary_frequencies
        frequencies = inverse_frequencies(config.head_dim) if stored is None else stored[depth]
        angles = positions.float()[:, None] * frequencies.detach()
        axis = -2 if config.rotary_form == "half" else -1
        turn_cos, turn_sin = cos_and_sin(angles)
        cos = torch.stack([turn_cos, turn_cos], dim=axis).flatten(1)
        sin = torch.stack([-turn_sin, turn_sin], dim=axis)
        return PackedRotary(
            cos[:, None, None].to(torch.bfloat16), sin[:, None, None].to(torch.bfloat16), axis
        )
