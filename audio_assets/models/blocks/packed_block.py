"""The encoder blocks for bfloat16 inference on a CPU; the same sums as `encoder_block`, fused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from audio_assets.models.blocks.attention import SelfAttention
from audio_assets.models.blocks.encoder_block import MacaronBlock, ViTBlock
from audio_assets.models.blocks.feedforward import FeedForward, GatedFeedForward
from audio_assets.models.blocks.packed_linear import After, PackedLinear


@dataclass(frozen=True)
class PackedRotary:
    """What turns queries and keys together.

    Attributes:
        cos: bfloat16 [n, 1, 1, head_dim].
        sin: bfloat16, the sines twice, the first time with a minus sign: [n, 1, 1, 2, head_dim / 2]
            where channel i turns with i + head_dim / 2, [n, 1, 1, head_dim / 2, 2] where it turns
            with its neighbour.
        axis: the axis of the two, -2 or -1.
    """

    cos: Tensor
    sin: Tensor
    axis: int


class PackedBlock:
    """One block over the rows of a batch, bfloat16 [B * n, D]."""

    def __init__(self, block: MacaronBlock | ViTBlock, rows: int, fused: bool | None) -> None:
        """Pack a block's weights; see `PackedLinear`."""
        self._attention = _Attention(block.attention, _Norm(block.attention_norm), rows, fused)
        self._before: _Net | None = None
        if isinstance(block, MacaronBlock):
            self._before = _net(block.first, block.first_norm, rows, block.first_scale, fused)
            norm = block.attention_norm if block.second_norm is None else block.second_norm
            self._after = _net(block.second, norm, rows, block.second_scale, fused)
        else:
            self._after = _net(block.first, block.first_norm, rows, 1.0, fused)

    def __call__(
        self, tokens: Tensor, batch: int, rotary: PackedRotary | None, first_only: bool = False
    ) -> Tensor:
        """Transform the tokens.

        Args:
            tokens: bfloat16 [B * n, D].
            batch: B.
            rotary: of the model, or None.
            first_only: only token 0 of each sample is wanted; what the others would become is not
                computed.

        Returns:
            bfloat16 [B * n, D], or [B, D] with ``first_only``.
        """
        if self._before is not None:
            tokens = self._before(tokens)
        return self._after(self._attention(tokens, batch, rotary, first_only))


class _Norm:
    """Layer norm of bfloat16 rows, statistics in float32."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        self._shape, self._eps = tuple(norm.normalized_shape), norm.eps
        self._weight = norm.weight.detach().to(torch.bfloat16)
        self._bias = norm.bias.detach().to(torch.bfloat16)

    def __call__(self, rows: Tensor) -> Tensor:
        return functional.layer_norm(rows, self._shape, self._weight, self._bias, self._eps)


class _Attention:
    """``tokens + attention(norm(tokens))``."""

    def __init__(
        self, attention: SelfAttention, norm: _Norm, rows: int, fused: bool | None
    ) -> None:
        self._heads, self._norm = attention.heads, norm
        self._qkv = PackedLinear(attention.qkv, rows, fused=fused)
        self._out = PackedLinear(attention.out, rows, fused=fused)

    def __call__(
        self, tokens: Tensor, batch: int, rotary: PackedRotary | None, first_only: bool
    ) -> Tensor:
        width = tokens.shape[1]
        shape = (batch, -1, 3, self._heads, width // self._heads)
        fused = self._qkv(self._norm(tokens)).view(shape)
        pair = fused[:, :, :2] if rotary is None else _rotate(fused[:, :, :2], rotary)
        query, key = pair.transpose(1, 3).unbind(2)
        value = fused[:, :, 2].transpose(1, 2)
        if first_only:
            query = query[:, :, :1]
            tokens = tokens.view(batch, -1, width)[:, 0].contiguous()
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self._out.plus(mixed.transpose(1, 2).reshape(-1, width), tokens)


def _rotate(pair: Tensor, rotary: PackedRotary) -> Tensor:
    """Turn queries and keys, bfloat16 [B, n, 2, heads, head_dim]; as `blocks.rotary` does."""
    turned = pair * rotary.cos
    halves = rotary.sin.shape[-2:]
    first, second = turned.unflatten(-1, halves).unbind(rotary.axis)
    old_first, old_second = pair.unflatten(-1, halves).unbind(rotary.axis)
    minus, plus = rotary.sin.unbind(rotary.axis)
    first.addcmul_(old_second, minus)
    second.addcmul_(old_first, plus)
    return turned


class _Net:
    """``tokens + scale * down(gelu(up(norm(tokens))))``."""

    def __init__(
        self, net: FeedForward, norm: _Norm, rows: int, scale: float, fused: bool | None
    ) -> None:
        self._norm = norm
        self._activation: After = cast("After", net.activation)
        self._up = PackedLinear(net.up, rows, fused=fused)
        self._down = PackedLinear(net.down, rows, scale=scale, fused=fused)

    def __call__(self, tokens: Tensor) -> Tensor:
        return self._down.plus(self._up(self._norm(tokens), self._activation), tokens)


class _GatedNet(_Net):
    """``tokens + scale * out(norm(silu(gate(x)) * value(x)))`` with x = norm(tokens)."""

    def __init__(
        self, net: GatedFeedForward, norm: _Norm, rows: int, scale: float, fused: bool | None
    ) -> None:
        self._norm = norm
        self._gate = PackedLinear(net.gate, rows, fused=fused)
        self._value = PackedLinear(net.value, rows, fused=fused)
        self._inner = _Norm(net.norm) if isinstance(net.norm, nn.LayerNorm) else None
        self._down = PackedLinear(net.out, rows, scale=scale, fused=fused)

    def __call__(self, tokens: Tensor) -> Tensor:
        rows = self._norm(tokens)
        inner = self._value.times(rows, self._gate(rows, "silu"))
        return self._down.plus(inner if self._inner is None else self._inner(inner), tokens)


def _net(net: nn.Module, norm: nn.LayerNorm, rows: int, scale: float, fused: bool | None) -> _Net:
    if isinstance(net, GatedFeedForward):
        return _GatedNet(net, _Norm(norm), rows, scale, fused)
    assert isinstance(net, FeedForward)
    return _Net(net, _Norm(norm), rows, scale, fused)
