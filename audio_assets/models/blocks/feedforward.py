"""Feed-forward nets of the encoder blocks: the plain two-layer net and the gated one (SwiGLU)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

Activation = Literal["gelu", "silu"]


class FeedForward(nn.Module):
    """``down(activation(up(x)))``, with biases."""

    def __init__(self, width: int, hidden: int, activation: Activation) -> None:
        """Make the layers.

        Args:
            width: encoder width D.
            hidden: inner width.
            activation: "gelu" (the erf form) or "silu".
        """
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.activation = activation

    def forward(self, tokens: Tensor) -> Tensor:
        """Transform each token; float [B, n, D] in and out."""
        inner = self.up(tokens)
        return self.down(
            functional.gelu(inner) if self.activation == "gelu" else functional.silu(inner)
        )


class GatedFeedForward(nn.Module):
    """SwiGLU (Shazeer 2020, arXiv:2002.05202): ``out(norm(silu(gate(x)) * value(x)))``."""

    def __init__(
        self, width: int, hidden: int, bias: bool, inner_norm: bool, norm_eps: float
    ) -> None:
        """Make the layers.

        Args:
            width: encoder width D.
            hidden: inner width.
            bias: whether the three projections have biases.
            inner_norm: whether a layer norm follows the gate.
            norm_eps: epsilon of that norm.
        """
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=bias)
        self.value = nn.Linear(width, hidden, bias=bias)
        self.norm = nn.LayerNorm(hidden, eps=norm_eps) if inner_norm else nn.Identity()
        self.out = nn.Linear(hidden, width, bias=bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """Transform each token; float [B, n, D] in and out."""
        return self.out(self.norm(functional.silu(self.gate(tokens)) * self.value(tokens)))
