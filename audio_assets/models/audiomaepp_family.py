"""The AudioMAE++ family of square images: keys and geometry of Macaron form and baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from audio_assets.errors import CheckpointError
from audio_assets.models.encoder_config import EncoderConfig, heads_for_width
from audio_assets.models.key_map import Family, count_blocks, shape_of

if TYPE_CHECKING:
    from torch import Tensor

_BLOCK = r"encoder_blocks\.(\d+)\."
_SHARED = (
    (r"patch_embed\.proj\.(weight|bias)", r"patch_embedding.\1"),
    (r"cls_token", r"cls_token"),
    (r"pos_embed", r"position_table"),
    (r"encoder_norm\.(weight|bias)", r"norm.\1"),
    (_BLOCK + r"attn\.to_qkv\.weight", r"blocks.\1.attention.qkv.weight"),
    (_BLOCK + r"attn\.to_out\.0\.(weight|bias)", r"blocks.\1.attention.out.\2"),
    (r"head\.0\.(weight|bias)", r"head.norm.\1"),
    (r"head\.1\.(weight|bias)", r"head.linear.\1"),
)
_MACARON = (
    (_BLOCK + r"norm1\.(weight|bias)", r"blocks.\1.first_norm.\2"),
    (_BLOCK + r"ffn1\.net\.0\.(weight|bias)", r"blocks.\1.first.up.\2"),
    (_BLOCK + r"ffn1\.net\.3\.(weight|bias)", r"blocks.\1.first.down.\2"),
    (_BLOCK + r"norm2\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (_BLOCK + r"norm3\.(weight|bias)", r"blocks.\1.second_norm.\2"),
    (_BLOCK + r"ffn2\.w_(gate|value|out)\.weight", r"blocks.\1.second.\2.weight"),
    (_BLOCK + r"ffn2\.net\.0\.(weight|bias)", r"blocks.\1.second.up.\2"),
    (_BLOCK + r"ffn2\.net\.3\.(weight|bias)", r"blocks.\1.second.down.\2"),
)
_VIT = (
    (_BLOCK + r"norm1\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (_BLOCK + r"norm2\.(weight|bias)", r"blocks.\1.first_norm.\2"),
    (_BLOCK + r"ffn\.net\.0\.(weight|bias)", r"blocks.\1.first.up.\2"),
    (_BLOCK + r"ffn\.net\.3\.(weight|bias)", r"blocks.\1.first.down.\2"),
    (_BLOCK + r"ffn\.w_(gate|value|out)\.weight", r"blocks.\1.first.\2.weight"),
)
_ROPE = (_BLOCK + r"attn\.rope\.(inv_freq|cos_cached|sin_cached)",)
_ROPE_OF_FIRST = "encoder_blocks.0.attn.rope."
_DECODER = (
    r"mask_token",
    r"decoder_pos_embed",
    r"encoder_to_decoder\.(weight|bias)",
    r"decoder_blocks\.\d+\..+",
    r"decoder_norm\.(weight|bias)",
    r"pred_head\.(weight|bias)",
)


def _read_macaron(state: Mapping[str, Tensor]) -> EncoderConfig:
    gated, second = _net(state, "ffn2")
    _, first = _net(state, "ffn1")
    return replace(
        _read(state),
        block="macaron",
        first_hidden=first,
        second_hidden=second,
        second_gated=gated,
        first_scale=0.5,
        second_scale=0.5,
    )


def _read_baseline(state: Mapping[str, Tensor]) -> EncoderConfig:
    gated, hidden = _net(state, "ffn")
    return replace(_read(state), first_hidden=hidden, first_gated=gated)


def _net(state: Mapping[str, Tensor], name: str) -> tuple[bool, int]:
    """Whether the feed-forward net of that name is gated, and its inner width."""
    gate = f"encoder_blocks.0.{name}.w_gate.weight"
    if gate in state:
        return True, shape_of(state, gate, 2)[0]
    return False, shape_of(state, f"encoder_blocks.0.{name}.net.0.weight", 2)[0]


def _read(state: Mapping[str, Tensor]) -> EncoderConfig:
    """Read what both forms of block share; the form itself is filled in by the caller."""
    width, channels, tall, wide = shape_of(state, "patch_embed.proj.weight", 4)
    patches = _patches(state)
    side = math.isqrt(patches)
    if side * side != patches:
        raise CheckpointError(
            f"the checkpoint has {patches} patches; expected a square grid such as 14 x 14 = 196."
        )
    classes = shape_of(state, "head.1.weight", 2)[0] if "head.1.weight" in state else 0
    return EncoderConfig(
        image_size=(side * tall, side * wide),
        patch_size=(tall, wide),
        channels=channels,
        width=width,
        depth=count_blocks(state, "encoder_blocks."),
        heads=_heads(state, width),
        block="vit",
        first_hidden=0,
        rotary=f"{_ROPE_OF_FIRST}inv_freq" in state or f"{_ROPE_OF_FIRST}cos_cached" in state,
        position_table="pos_embed" in state,
        head_pooling="cls" if classes else None,
        head_norm=classes > 0,
        classes=classes,
    )


def _heads(state: Mapping[str, Tensor], width: int) -> int:
    """Rotary tables are as wide as a head; without them, the usual number."""
    if f"{_ROPE_OF_FIRST}inv_freq" in state:
        return width // max(1, 2 * shape_of(state, f"{_ROPE_OF_FIRST}inv_freq", 1)[0])
    if f"{_ROPE_OF_FIRST}cos_cached" in state:
        return width // max(1, shape_of(state, f"{_ROPE_OF_FIRST}cos_cached", 2)[1])
    return heads_for_width(width)


def _patches(state: Mapping[str, Tensor]) -> int:
    for key, dimensions, axis in (
        ("pos_embed", 3, 1),
        ("encoder_blocks.0.attn.rope.cos_cached", 2, 0),
        ("decoder_pos_embed", 3, 1),
    ):
        if key in state:
            return shape_of(state, key, dimensions)[axis] - 1
    raise CheckpointError(
        "the number of patches cannot be told: neither 'pos_embed', the rotary tables nor "
        "'decoder_pos_embed' is there."
    )


AUDIOMAEPP = Family(
    kind="audiomaepp",
    signs=("encoder_blocks.0.ffn1.net.0.weight", "patch_embed.proj.weight"),
    renames=_SHARED + _MACARON,
    buffers=_ROPE,
    dropped=_DECODER,
    read_config=_read_macaron,
)
BASELINE = Family(
    kind="audiomae_baseline",
    signs=("encoder_blocks.0.norm1.weight", "patch_embed.proj.weight"),
    renames=_SHARED + _VIT,
    buffers=_ROPE,
    dropped=_DECODER,
    read_config=_read_baseline,
    absent=("encoder_blocks.0.ffn1.net.0.weight",),
)
