"""Patch embedding: a non-overlapping convolution written as one matrix product."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class PatchEmbedding(nn.Module):
    """Cut an image into patches and project each one to the width of the encoder.

    Equal to ``nn.Conv2d(channels, width, patch, stride=patch)``; the product form is faster on a
    CPU and lets a grey image skip the copies of its channels. Tokens are row-major: ``index = row *
    columns + column``.
    """

    def __init__(self, channels: int, width: int, patch_size: tuple[int, int]) -> None:
        """Make the projection.

        Args:
            channels: image channels C.
            width: encoder width D.
            patch_size: (height, width) of a patch in pixels.
        """
        super().__init__()
        self.patch_size = patch_size
        self.weight = nn.Parameter(torch.empty(width, channels, *patch_size))
        self.bias = nn.Parameter(torch.zeros(width))
        nn.init.xavier_uniform_(self.weight.view(width, -1))

    def forward(self, image: Tensor) -> Tensor:
        """Embed an image of the weight's own channels.

        Args:
            image: float [B, C, H, W].

        Returns:
            Tokens, float [B, N, D].
        """
        return functional.linear(
            cut_patches(image, self.patch_size), self.weight.flatten(1), self.bias
        )

    def forward_grey(self, image: Tensor, mean: Tensor, std: Tensor) -> Tensor:
        """Embed one grey plane as if it were copied to every channel and normalised there.

        ``sum_c W_c (x - mean_c) / std_c`` is one product with the folded weight ``sum_c W_c /
        std_c``.

        Args:
            image: float [B, H, W] in [0, 1].
            mean: channel means, float [C].
            std: channel standard deviations, float [C].

        Returns:
            Tokens, float [B, N, D].
        """
        scaled = self.weight / std[:, None, None]
        offset = (scaled.sum(dim=(2, 3)) * mean).sum(dim=1)
        return functional.linear(
            cut_patches(image[:, None], self.patch_size),
            scaled.sum(dim=1).flatten(1),
            self.bias - offset,
        )


def cut_patches(image: Tensor, patch_size: tuple[int, int]) -> Tensor:
    """Rearrange an image into flat patches in row-major order.

    Args:
        image: [B, C, H, W]; H and W are multiples of the patch.
        patch_size: (height, width) of a patch in pixels.

    Returns:
        Patches [B, N, C * height * width], each flattened channel first, as a convolution's weight
        is.
    """
    batch, channels, height, width = image.shape
    tall, wide = patch_size
    grid = image.reshape(batch, channels, height // tall, tall, width // wide, wide)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(
        batch, (height // tall) * (width // wide), channels * tall * wide
    )
