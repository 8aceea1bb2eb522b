"""The AudioMAE++ family of square images: keys and geometry of its Macaron form and its baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from audio_assets.errors import CheckpointError
from audio_assets.models.encoder_config import HEAD_DIM, EncoderConfig
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
)
_MACARON = (
    (_BLOCK + r"norm1\.(weight|bias)", r"blocks.\1.first_norm.\2"),
    (_BLOCK + r"ffn1\.net\.0\.(weight|bias)", r"blocks.\1.first.up.\2"),
    (_BLOCK + r"ffn1\.net\.3\.(weight|bias)", r"blocks.\1.first.down.\2"),
    (_BLOCK + r"norm2\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (_BLOCK + r"norm3\.(weight|bias)", r"blocks.\1.second_norm.\2"),
    (_BLOCK + r"ffn2\.w_(gate|value|out)\.weight", r"blocks.\1.second.\2.weight"),
)
_VIT = (
    (_BLOCK + r"norm1\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (_BLOCK + r"norm2\.(weight|bias)", r"blocks.\1.first_norm.\2"),
    (_BLOCK + r"ffn\.net\.0\.(weight|bias)", r"blocks.\1.first.up.\2"),
    (_BLOCK + r"ffn\.net\.3\.(weight|bias)", r"blocks.\1.first.down.\2"),
)
_ROPE = (_BLOCK + r"attn\.rope\.(inv_freq|cos_cached|sin_cached)",)
_DECODER = (
    r"mask_token",
    r"decoder_pos_embed",
    r"encoder_to_decoder\.(weight|bias)",
    r"decoder_blocks\.\d+\..+",
    r"decoder_norm\.(weight|bias)",
    r"pred_head\.(weight|bias)",
)


def _read_macaron(state: Mapping[str, Tensor]) -> EncoderConfig:
    return _read(
        state, "macaron", "ffn1", shape_of(state, "encoder_blocks.0.ffn2.w_gate.weight", 2)[0]
    )


def _read_baseline(state: Mapping[str, Tensor]) -> EncoderConfig:
    return _read(state, "vit", "ffn", 0)


def _read(state: Mapping[str, Tensor], block: str, first: str, second_hidden: int) -> EncoderConfig:
    width, channels, tall, wide = shape_of(state, "patch_embed.proj.weight", 4)
    patches = _patches(state)
    side = math.isqrt(patches)
    if side * side != patches:
        raise CheckpointError(
            f"the checkpoint has {patches} patches; expected a square grid such as 14 x 14 = 196."
        )
    macaron = block == "macaron"
    return EncoderConfig(
        image_size=(side * tall, side * wide),
        patch_size=(tall, wide),
        channels=channels,
        width=width,
        depth=count_blocks(state, "encoder_blocks."),
        heads=width // HEAD_DIM,
        block="macaron" if macaron else "vit",
        first_hidden=shape_of(state, f"encoder_blocks.0.{first}.net.0.weight", 2)[0],
        second_hidden=second_hidden,
        first_scale=0.5 if macaron else 1.0,
        second_scale=0.5 if macaron else 1.0,
        rotary=macaron,
        position_table="pos_embed" in state,
    )


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
    signs=("encoder_blocks.0.ffn2.w_gate.weight", "patch_embed.proj.weight"),
    renames=_SHARED + _MACARON,
    buffers=_ROPE,
    dropped=_DECODER,
    read_config=_read_macaron,
)
BASELINE = Family(
    kind="audiomae_baseline",
    signs=("encoder_blocks.0.ffn.net.0.weight", "patch_embed.proj.weight"),
    renames=_SHARED + _VIT,
    buffers=(),
    dropped=_DECODER,
    read_config=_read_baseline,
)
