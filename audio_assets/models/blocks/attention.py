"""Multi-head self-attention with optional rotary positions."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.models.blocks.rotary import rotate, rotate_pairs

RotaryTables = tuple[Tensor, Tensor]
RotaryForm = Literal["half", "pairs"]


class SelfAttention(nn.Module):
    """Scaled dot-product self-attention with a fused query-key-value projection."""

    def __init__(
        self, width: int, heads: int, qkv_bias: bool, rotary_form: RotaryForm = "half"
    ) -> None:
        """Make the projections.

        Args:
            width: encoder width D, a multiple of ``heads``.
            heads: attention heads.
            qkv_bias: whether the fused projection has a bias.
            rotary_form: which channels turn together.
        """
        super().__init__()
        self.rotate = rotate if rotary_form == "half" else rotate_pairs
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=qkv_bias)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, rotary: RotaryTables | None) -> Tensor:
        """Mix the tokens.

        Args:
            tokens: float [B, n, D].
            rotary: (cos, sin) for the tokens' positions, or None.

        Returns:
            float [B, n, D].
        """
        batch, count, width = tokens.shape
        fused = self.qkv(tokens).view(batch, count, 3, self.heads, width // self.heads)
        query, key, value = fused.permute(2, 0, 3, 1, 4)
        if rotary is not None:
            query, key = self.rotate(query, *rotary), self.rotate(key, *rotary)
        mixed = _attend(query, key, value)
        return self.out(mixed.transpose(1, 2).reshape(batch, count, width))


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attend; [B, heads, n, head_dim] each.

    The CPU's fused kernel has a slow bfloat16 backward pass (six times the plain products at 118
    tokens), so training in bfloat16 on a CPU writes the products out.
    """
    if query.requires_grad and query.dtype == torch.bfloat16 and query.device.type == "cpu":
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        return scores.softmax(dim=-1).to(value.dtype) @ value
    return functional.scaled_dot_product_attention(query, key, value)
