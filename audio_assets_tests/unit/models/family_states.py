"""Small random checkpoints under the published names of every family."""

from __future__ import annotations

import zlib

import numpy as np
import torch

from audio_assets_tests.unit.models.family_references import sincos_table

State = dict[str, torch.Tensor]


def _fill(shapes: dict[str, tuple[int, ...]]) -> State:
    state: State = {}
    for key, shape in shapes.items():
        stream = np.random.RandomState(zlib.crc32(key.encode()))
        value = torch.from_numpy(stream.standard_normal(shape).astype(np.float32))
        norm = len(shape) == 1 and key.endswith("weight")
        state[key] = 1 + 0.1 * value if norm else value * (0.08 if len(shape) > 1 else 0.02)
    return state


def _pair(name: str, rows: int, columns: int, bias: bool = True) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns)} | ({f"{name}.bias": (rows,)} if bias else {})


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def audiomae_state(
    width: int = 128,
    depth: int = 2,
    grid: tuple[int, int] = (4, 8),
    patch: int = 16,
    finetuned: bool = False,
    classes: int = 0,
) -> State:
    """AudioMAE; grid is (time, frequency), its table is laid out frequency-first as published."""
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "patch_embed.proj.weight": (width, 1, patch, patch),
        "patch_embed.proj.bias": (width,),
    }
    for n in range(depth):
        block = f"blocks.{n}."
        shapes |= _norm(f"{block}norm1", width) | _norm(f"{block}norm2", width)
        shapes |= _pair(f"{block}attn.qkv", 3 * width, width)
        shapes |= _pair(f"{block}attn.proj", width, width)
        shapes |= _pair(f"{block}mlp.fc1", 96, width) | _pair(f"{block}mlp.fc2", width, 96)
    shapes |= _norm("fc_norm" if finetuned else "norm", width)
    if classes:
        shapes |= _pair("head", classes, width)
    return _fill(shapes) | {"pos_embed": sincos_table(width, grid[1], grid[0])}


def official_state(
    width: int = 128,
    depth: int = 2,
    grid: tuple[int, int] = (10, 5),
    patch: tuple[int, int] = (4, 16),
    rope: bool = False,
    gated: bool = True,
    decoder: bool = True,
) -> State:
    """Official AudioMAE++; grid is (time, frequency)."""
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "patch_embed.proj.weight": (width, 1, *patch),
        "patch_embed.proj.bias": (width,),
    }
    for n in range(depth):
        block = f"encoder.blocks.{n}."
        for norm in ("norm1", "norm2", "norm3"):
            shapes |= _norm(f"{block}{norm}", width)
        shapes |= _pair(f"{block}ffn1.layer1", 96, width) | _pair(f"{block}ffn1.layer2", width, 96)
        shapes |= _pair(f"{block}attn.qkv_layer", 3 * width, width)
        shapes |= _pair(f"{block}attn.proj_layer", width, width)
        if gated:
            shapes |= _pair(f"{block}ffn2.linear1", 80, width)
            shapes |= _pair(f"{block}ffn2.linear2", 80, width)
            shapes |= _norm(f"{block}ffn2.ln", 80) | _pair(f"{block}ffn2.project", width, 80)
        else:
            shapes |= _pair(f"{block}ffn2.layer1", 80, width)
            shapes |= _pair(f"{block}ffn2.layer2", width, 80)
    shapes |= _norm("encoder.encoder_norm", width)
    if decoder:
        shapes |= {"decoder.mask_token": (1, 1, 32)} | _norm("decoder.decoder_norm", 32)
        shapes |= {"decoder.decoder_blocks.0.attn.qkv_layer.bias": (96,)}
    state = _fill(shapes) | {"encoder.pos_embed": sincos_table(width, *grid)}
    if rope:
        frequencies = 1.0 / 10000 ** (torch.arange(0, 64, 2).float() / 64)
        for n in range(depth):
            state[f"encoder.blocks.{n}.rope.freqs"] = frequencies.clone()
    return state


def square_state(
    width: int = 128,
    depth: int = 2,
    side: int = 4,
    patch: int = 16,
    macaron: bool = True,
    gated: bool = True,
    rope: bool = True,
    classes: int = 0,
) -> State:
    """The 224-pixel family with its three switches; side is patches per side."""
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "decoder_pos_embed": (1, 1 + side**2, 32),
        "patch_embed.proj.weight": (width, 3, patch, patch),
        "patch_embed.proj.bias": (width,),
    }
    if not rope:
        shapes["pos_embed"] = (1, 1 + side**2, width)
    for n in range(depth):
        block = f"encoder_blocks.{n}."
        shapes |= _norm(f"{block}norm1", width) | _norm(f"{block}norm2", width)
        shapes |= _pair(f"{block}attn.to_qkv", 3 * width, width, bias=False)
        shapes |= _pair(f"{block}attn.to_out.0", width, width)
        last = "ffn"
        if macaron:
            last = "ffn2"
            shapes |= _norm(f"{block}norm3", width)
            shapes |= _pair(f"{block}ffn1.net.0", 96, width)
            shapes |= _pair(f"{block}ffn1.net.3", width, 96)
        if gated:
            shapes |= _pair(f"{block}{last}.w_gate", 80, width, bias=False)
            shapes |= _pair(f"{block}{last}.w_value", 80, width, bias=False)
            shapes |= _pair(f"{block}{last}.w_out", width, 80, bias=False)
        else:
            shapes |= _pair(f"{block}{last}.net.0", 80, width)
            shapes |= _pair(f"{block}{last}.net.3", width, 80)
    shapes |= _norm("encoder_norm", width)
    if classes:
        shapes |= _norm("head.0", width) | _pair("head.1", classes, width)
    state = _fill(shapes)
    if rope:
        for n in range(depth):
            prefix = f"encoder_blocks.{n}.attn.rope."
            state[f"{prefix}inv_freq"] = torch.ones(32)
            state[f"{prefix}cos_cached"] = torch.ones(1 + side**2, 64)
            state[f"{prefix}sin_cached"] = torch.ones(1 + side**2, 64)
    return state
