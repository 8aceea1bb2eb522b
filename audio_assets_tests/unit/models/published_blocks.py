"""The published blocks written out naively, from their description: what ours must equal."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

State = dict[str, Tensor]


def linear(state: State, name: str, x: Tensor) -> Tensor:
    return x @ state[f"{name}.weight"].T + state.get(f"{name}.bias", torch.zeros(()))


def norm(state: State, name: str, x: Tensor, eps: float) -> Tensor:
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    return functional.layer_norm(x, weight.shape, weight, bias, eps)


def turn_pairs(heads: Tensor, frequencies: Tensor) -> Tensor:
    """Interleaved rotary positions as complex numbers; [B, heads, n, head_dim]."""
    planes = torch.view_as_complex(heads.contiguous().unflatten(-1, (-1, 2)).double())
    angles = torch.arange(heads.shape[-2])[:, None] * frequencies
    turned = planes * torch.polar(torch.ones_like(angles, dtype=torch.double), angles.double())
    return torch.view_as_real(turned).flatten(-2).float()


def turn_halves(heads: Tensor) -> Tensor:
    """Half-split rotary positions with theta 10000; [B, heads, n, head_dim]."""
    half = heads.shape[-1] // 2
    frequencies = 10000.0 ** (-torch.arange(half) / half)
    first, second = heads[..., :half], heads[..., half:]
    both = torch.stack([first, second], dim=-1).flatten(-2)
    turned = turn_pairs(both, frequencies)
    return torch.cat([turned[..., 0::2], turned[..., 1::2]], dim=-1)


def attend(
    state: State, qkv: str, out: str, x: Tensor, frequencies: Tensor | None, halves: bool = False
) -> Tensor:
    batch, count, width = x.shape
    query, key, value = (
        part.reshape(batch, count, width // 64, 64).transpose(1, 2)
        for part in linear(state, qkv, x).chunk(3, dim=-1)
    )
    if frequencies is not None:
        query, key = turn_pairs(query, frequencies), turn_pairs(key, frequencies)
    if halves:
        query, key = turn_halves(query), turn_halves(key)
    weights = (query @ key.transpose(-1, -2) / 8).softmax(dim=-1)
    return linear(state, out, (weights @ value).transpose(1, 2).reshape(batch, count, width))


def embed(state: State, image: Tensor, table: str | None) -> Tensor:
    weight, bias = state["patch_embed.proj.weight"], state["patch_embed.proj.bias"]
    patches = (
        functional.conv2d(image, weight, bias, stride=weight.shape[2:]).flatten(2).transpose(1, 2)
    )
    tokens = torch.cat([state["cls_token"].expand(len(image), -1, -1), patches], dim=1)
    return tokens if table is None else tokens + state[table]


def official_tokens(state: State, image: Tensor) -> Tensor:
    """Official AudioMAE++: norm2 twice, norm3 never, SiLU, layer norm inside SwiGLU."""
    x = embed(state, image, "encoder.pos_embed")
    blocks = sum(key.endswith("norm3.bias") for key in state)
    for n in range(blocks):
        b = f"encoder.blocks.{n}."
        inner = functional.silu(linear(state, f"{b}ffn1.layer1", norm(state, f"{b}norm1", x, 1e-6)))
        x = x + 0.5 * linear(state, f"{b}ffn1.layer2", inner)
        frequencies = state.get(f"{b}rope.freqs")
        normed = norm(state, f"{b}norm2", x, 1e-6)
        x = x + attend(state, f"{b}attn.qkv_layer", f"{b}attn.proj_layer", normed, frequencies)
        normed = norm(state, f"{b}norm2", x, 1e-6)
        if f"{b}ffn2.ln.bias" in state:
            gate = functional.silu(linear(state, f"{b}ffn2.linear2", normed))
            inner = norm(
                state, f"{b}ffn2.ln", gate * linear(state, f"{b}ffn2.linear1", normed), 1e-6
            )
            x = x + linear(state, f"{b}ffn2.project", inner)
        else:
            inner = functional.silu(linear(state, f"{b}ffn2.layer1", normed))
            x = x + linear(state, f"{b}ffn2.layer2", inner)
    return norm(state, "encoder.encoder_norm", x, 1e-6)


def square_tokens(state: State, image: Tensor, macaron: bool, rope: bool) -> Tensor:
    """The 224-pixel family with any of its switches."""
    x = embed(state, image, None if rope else "pos_embed")
    blocks = sum(key.endswith("to_qkv.weight") for key in state)
    for n in range(blocks):
        b = f"encoder_blocks.{n}."
        if macaron:
            inner = functional.gelu(
                linear(state, f"{b}ffn1.net.0", norm(state, f"{b}norm1", x, 1e-5))
            )
            x = x + 0.5 * linear(state, f"{b}ffn1.net.3", inner)
        normed = norm(state, f"{b}norm{2 if macaron else 1}", x, 1e-5)
        x = x + attend(state, f"{b}attn.to_qkv", f"{b}attn.to_out.0", normed, None, halves=rope)
        normed = norm(state, f"{b}norm{3 if macaron else 2}", x, 1e-5)
        ffn = f"{b}ffn{2 if macaron else ''}"
        if f"{ffn}.w_gate.weight" in state:
            gate = functional.silu(linear(state, f"{ffn}.w_gate", normed))
            result = linear(state, f"{ffn}.w_out", gate * linear(state, f"{ffn}.w_value", normed))
        else:
            result = linear(
                state, f"{ffn}.net.3", functional.gelu(linear(state, f"{ffn}.net.0", normed))
            )
        x = x + (0.5 if macaron else 1.0) * result
    return norm(state, "encoder_norm", x, 1e-5)
