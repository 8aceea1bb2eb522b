"""The small decoder of masked pre-training; thrown away afterwards."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from audio_assets.models.blocks.encoder_block import make_block
from audio_assets.models.encoder_config import HEAD_DIM, EncoderConfig


class MaskedDecoder(nn.Module):
    """Rebuilds the patches from the tokens of the visible ones (arXiv:2111.06377)."""

    def __init__(self, encoder: EncoderConfig, width: int = 256, depth: int = 2) -> None:
        """Make a decoder.

        Args:
            encoder: configuration of the encoder.
            width: channels of a decoder token.
            depth: number of decoder blocks.
        """
        super().__init__()
        config = EncoderConfig(
            image_size=encoder.image_size,
            patch_size=encoder.patch_size,
            channels=1,
            width=width,
            depth=depth,
            heads=width // HEAD_DIM,
            block="vit",
            first_hidden=2 * width,
        )
        self.project = nn.Linear(encoder.width, width)
        self.mask_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.register_buffer("positions", sinusoid_table(encoder.grid, width), persistent=False)
        self.blocks = nn.ModuleList(make_block(config) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.predict = nn.Linear(width, encoder.patch_size[0] * encoder.patch_size[1])

    def forward(self, latent: Tensor, ids_restore: Tensor) -> Tensor:
        """Predict every patch.

        Args:
            latent: encoder tokens, float [B, 1 + kept, D].
            ids_restore: int64 [B, N]; see `SpectrogramEncoder.forward_encoder`.

        Returns:
            float [B, N, pixels of a patch].
        """
        tokens = self.project(latent)
        batch, count = ids_restore.shape
        hidden = self.mask_token.to(tokens.dtype).expand(batch, count + 1 - tokens.shape[1], -1)
        patches = torch.cat([tokens[:, 1:], hidden], dim=1)
        patches = patches.gather(1, ids_restore[..., None].expand(-1, -1, tokens.shape[-1]))
        tokens = torch.cat(
            [tokens[:, :1], patches + self.get_buffer("positions").to(tokens.dtype)], dim=1
        )
        for block in self.blocks:
            tokens = block(tokens, None)
        return self.predict(self.norm(tokens)[:, 1:])


def sinusoid_table(grid: tuple[int, int], width: int) -> Tensor:
    """Fixed two-dimensional sine-cosine positions.

    Args:
        grid: (rows, columns).
        width: channels, a multiple of 4; half for the row, half for the column.

    Returns:
        float32 [rows * columns, width].
    """
    omega = 10000.0 ** -(np.arange(width // 4) / (width / 4))
    rows, columns = np.meshgrid(np.arange(grid[0]), np.arange(grid[1]), indexing="ij")
    parts = []
    for place in (rows.ravel(), columns.ravel()):
        angles = place[:, None] * omega
        parts += [np.sin(angles), np.cos(angles)]
    return torch.from_numpy(np.concatenate(parts, axis=1)).float()
