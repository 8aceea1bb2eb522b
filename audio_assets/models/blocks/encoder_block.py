"""The two forms of encoder block: Macaron with a gated second net, and plain pre-norm ViT."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from audio_assets.models.blocks.attention import RotaryTables, SelfAttention
from audio_assets.models.blocks.feedforward import FeedForward, GatedFeedForward
from audio_assets.models.encoder_config import EncoderConfig


class MacaronBlock(nn.Module):
    """Feed-forward, attention, gated feed-forward (arXiv:2005.08100, without convolution)."""

    def __init__(self, config: EncoderConfig) -> None:
        """Make the block that ``config`` describes."""
        super().__init__()
        width, eps = config.width, config.norm_eps
        self.first_scale, self.second_scale = config.first_scale, config.second_scale
        self.first_norm = nn.LayerNorm(width, eps=eps)
        self.first = FeedForward(width, config.first_hidden, config.activation)
        self.attention_norm = nn.LayerNorm(width, eps=eps)
        self.attention = SelfAttention(width, config.heads, config.qkv_bias, config.rotary_form)
        self.second_norm = nn.LayerNorm(width, eps=eps) if config.second_norm == "own" else None
        self.second = _net(config, config.second_gated, config.second_hidden)

    def forward(
        self, tokens: Tensor, rotary: RotaryTables | None, keep: Tensor | None = None
    ) -> Tensor:
        """Transform the tokens.

        Args:
            tokens: float [B, n, D].
            rotary: (cos, sin) of the tokens' positions, or None.
            keep: stochastic depth: factors [3, B, 1, 1] on the residual branches, or None.

        Returns:
            float [B, n, D].
        """
        scale = keep if keep is not None else (1.0, 1.0, 1.0)
        tokens = tokens + self.first_scale * scale[0] * self.first(self.first_norm(tokens))
        tokens = tokens + scale[1] * self.attention(self.attention_norm(tokens), rotary)
        norm = self.attention_norm if self.second_norm is None else self.second_norm
        return tokens + self.second_scale * scale[2] * self.second(norm(tokens))


class ViTBlock(nn.Module):
    """Attention, then feed-forward, each behind a layer norm (arXiv:2010.11929)."""

    def __init__(self, config: EncoderConfig) -> None:
        """Make the block that ``config`` describes."""
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.attention = SelfAttention(
            config.width, config.heads, config.qkv_bias, config.rotary_form
        )
        self.first_norm = nn.LayerNorm(config.width, eps=config.norm_eps)
        self.first = _net(config, config.first_gated, config.first_hidden)

    def forward(
        self, tokens: Tensor, rotary: RotaryTables | None, keep: Tensor | None = None
    ) -> Tensor:
        """Transform the tokens; as `MacaronBlock.forward`, but the first factor is not used."""
        scale = keep if keep is not None else (1.0, 1.0, 1.0)
        tokens = tokens + scale[1] * self.attention(self.attention_norm(tokens), rotary)
        return tokens + scale[2] * self.first(self.first_norm(tokens))


def _net(config: EncoderConfig, gated: bool, hidden: int) -> FeedForward | GatedFeedForward:
    if gated:
        return GatedFeedForward(
            config.width, hidden, config.gate_bias, config.gate_norm, config.norm_eps
        )
    return FeedForward(config.width, hidden, config.activation)


def make_block(config: EncoderConfig) -> MacaronBlock | ViTBlock:
    """Return a new block of the configured form."""
    return MacaronBlock(config) if config.block == "macaron" else ViTBlock(config)


def stochastic_depth(
    batch: int, rate: float, generator: torch.Generator | None, device: torch.device
) -> Tensor:
    """Draw the residual factors of one block (Huang et al. 2016, arXiv:1603.09382).

    Args:
        batch: samples B.
        rate: probability of dropping a branch, in [0, 1).
        generator: source of randomness.
        device: where to put the result.

    Returns:
        float32 [3, B, 1, 1]: 0 or 1 / (1 - rate).
    """
    kept = torch.rand(3, batch, 1, 1, generator=generator, device=device) >= rate
    return kept.float() / (1.0 - rate)
