"""The encoder blocks for bfloat16 inference on a CPU; the same sums as `encoder_block`, fused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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

    def first(self) -> PackedRotary:
        """Of the first position alone."""
        return PackedRotary(self.cos[:1], self.sin[:1], self.axis)


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
        self._pack_parts = lambda: _query_and_rest(attention.qkv, rows, fused)

    def __call__(
        self, tokens: Tensor, batch: int, rotary: PackedRotary | None, first_only: bool
    ) -> Tensor:
        if first_only:
            return self._first(tokens, batch, rotary)
        fused = self._split(self._qkv(self._norm(tokens)), batch, 3)
        pair = _rotate(fused[:, :, :2], rotary)
        return self._attend(pair[:, :, 0], pair[:, :, 1], fused[:, :, 2], tokens)

    def _first(self, tokens: Tensor, batch: int, rotary: PackedRotary | None) -> Tensor:
        rows = self._norm(tokens)
        to_query, to_rest = self._parts
        query = self._split(to_query(_first_rows(rows, batch)), batch, 1)
        rest = self._split(to_rest(rows), batch, 2)
        query = _rotate(query, None if rotary is None else rotary.first())
        key = _rotate(rest[:, :, :1], rotary)
        return self._attend(query[:, :, 0], key[:, :, 0], rest[:, :, 1], _first_rows(tokens, batch))

    @cached_property
    def _parts(self) -> tuple[PackedLinear, PackedLinear]:
        """Packed a second time in the one block that is asked for its first tokens."""
        return self._pack_parts()

    def _split(self, rows: Tensor, batch: int, parts: int) -> Tensor:
        return rows.view(batch, -1, parts, self._heads, rows.shape[1] // parts // self._heads)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, tokens: Tensor) -> Tensor:
        """Of queries, keys and values bfloat16 [B, n, heads, head_dim]."""
        apart = (query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2))
        mixed = functional.scaled_dot_product_attention(*apart)
        return self._out.plus(mixed.transpose(1, 2).reshape(tokens.shape), tokens)


def _query_and_rest(
    qkv: nn.Linear, rows: int, fused: bool | None
) -> tuple[PackedLinear, PackedLinear]:
    """The fused projection in two: of the queries, and of keys and values."""
    width = qkv.in_features
    parts = []
    for some in (slice(None, width), slice(width, None)):
        part = nn.Linear(width, len(qkv.weight[some]), bias=qkv.bias is not None, device="meta")
        part.weight = nn.Parameter(qkv.weight[some])
        if isinstance(qkv.bias, nn.Parameter):
            part.bias = nn.Parameter(qkv.bias[some])
        parts.append(PackedLinear(part, rows, fused=fused))
    return parts[0], parts[1]


def _first_rows(rows: Tensor, batch: int) -> Tensor:
    """Row 0 of each sample; [B * n, D] to [B, D]."""
    return rows.view(batch, -1, rows.shape[1])[:, 0].contiguous()


def _rotate(pair: Tensor, rotary: PackedRotary | None) -> Tensor:
    """Turn queries and keys, bfloat16 [B, n, 1 or 2, heads, head_dim]; as `blocks.rotary` does."""
    if rotary is None:
        return pair
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
