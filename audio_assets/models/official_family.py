"""The official AudioMAE++ family (Yadav et al., arXiv:2507.10464) and its plain-MAE baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict

from audio_assets.models.encoder_config import EncoderConfig, heads_for_width
from audio_assets.models.key_map import Family, count_blocks, shape_of
from audio_assets.models.position_grid import grid_of_bands

if TYPE_CHECKING:
    from torch import Tensor

MEL_BANDS = 80


class Geometry(TypedDict):
    """The part of `EncoderConfig` that patches and position table tell."""

    image_size: tuple[int, int]
    patch_size: tuple[int, int]
    channels: int


_BLOCK = r"encoder\.blocks\.(\d+)\."
_SHARED = (
    (r"patch_embed\.proj\.(weight|bias)", r"patch_embedding.\1"),
    (r"cls_token", r"cls_token"),
    (r"encoder\.pos_embed", r"position_table"),
    (r"encoder\.encoder_norm\.(weight|bias)", r"norm.\1"),
    (_BLOCK + r"attn\.qkv_layer\.(weight|bias)", r"blocks.\1.attention.qkv.\2"),
    (_BLOCK + r"attn\.proj_layer\.(weight|bias)", r"blocks.\1.attention.out.\2"),
)
_MACARON = (
    (_BLOCK + r"norm1\.(weight|bias)", r"blocks.\1.first_norm.\2"),
    (_BLOCK + r"ffn1\.layer1\.(weight|bias)", r"blocks.\1.first.up.\2"),
    (_BLOCK + r"ffn1\.layer2\.(weight|bias)", r"blocks.\1.first.down.\2"),
    (_BLOCK + r"norm2\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (_BLOCK + r"ffn2\.linear1\.(weight|bias)", r"blocks.\1.second.value.\2"),
    (_BLOCK + r"ffn2\.linear2\.(weight|bias)", r"blocks.\1.second.gate.\2"),
    (_BLOCK + r"ffn2\.ln\.(weight|bias)", r"blocks.\1.second.norm.\2"),
    (_BLOCK + r"ffn2\.project\.(weight|bias)", r"blocks.\1.second.out.\2"),
    (_BLOCK + r"ffn2\.layer1\.(weight|bias)", r"blocks.\1.second.up.\2"),
    (_BLOCK + r"ffn2\.layer2\.(weight|bias)", r"blocks.\1.second.down.\2"),
    (_BLOCK + r"rope\.freqs", r"rotary_frequencies.\1"),
)
_VIT = (
    (_BLOCK + r"norm1\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (_BLOCK + r"norm2\.(weight|bias)", r"blocks.\1.first_norm.\2"),
    (_BLOCK + r"mlp\.layer1\.(weight|bias)", r"blocks.\1.first.up.\2"),
    (_BLOCK + r"mlp\.layer2\.(weight|bias)", r"blocks.\1.first.down.\2"),
)
_UNUSED = (_BLOCK + r"norm3\.(weight|bias)",)
"""In every published checkpoint, but no computation of the published code reads it."""
_DECODER = (
    r"decoder\.mask_token",
    r"decoder\.decoder_pos_embed",
    r"decoder\.decoder_(embed|norm|pred)\.(weight|bias)",
    r"decoder\.decoder_blocks\.\d+\..+",
)


def _read_macaron(state: Mapping[str, Tensor]) -> EncoderConfig:
    first = "encoder.blocks.0."
    gated = f"{first}ffn2.linear1.weight" in state
    second = f"{first}ffn2.{'linear1' if gated else 'layer1'}.weight"
    rotary = f"{first}rope.freqs" in state
    width = shape_of(state, "patch_embed.proj.weight", 4)[0]
    heads = heads_for_width(width)
    if rotary:
        heads = width // max(1, 2 * shape_of(state, f"{first}rope.freqs", 1)[0])
    return EncoderConfig(
        **_geometry(state),
        width=width,
        depth=count_blocks(state, "encoder.blocks."),
        heads=heads,
        block="macaron",
        first_hidden=shape_of(state, f"{first}ffn1.layer1.weight", 2)[0],
        second_hidden=shape_of(state, second, 2)[0],
        activation="silu",
        first_scale=0.5,
        second_norm="attention",
        gate_bias=True,
        gate_norm=True,
        qkv_bias=True,
        second_gated=gated,
        rotary=rotary,
        rotary_form="pairs",
        stored_frequencies=rotary,
        position_table=True,
        norm_eps=1e-6,
        time_first=True,
    )


def _read_plain(state: Mapping[str, Tensor]) -> EncoderConfig:
    width = shape_of(state, "patch_embed.proj.weight", 4)[0]
    return EncoderConfig(
        **_geometry(state),
        width=width,
        depth=count_blocks(state, "encoder.blocks."),
        heads=heads_for_width(width),
        block="vit",
        first_hidden=shape_of(state, "encoder.blocks.0.mlp.layer1.weight", 2)[0],
        qkv_bias=True,
        position_table=True,
        norm_eps=1e-6,
        time_first=True,
    )


def _geometry(state: Mapping[str, Tensor]) -> Geometry:
    _, channels, tall, wide = shape_of(state, "patch_embed.proj.weight", 4)
    shape_of(state, "encoder.pos_embed", 3)
    rows, columns = grid_of_bands(state["encoder.pos_embed"], MEL_BANDS, wide, transposed=False)
    return {
        "image_size": (rows * tall, columns * wide),
        "patch_size": (tall, wide),
        "channels": channels,
    }


OFFICIAL = Family(
    kind="audiomaepp_official",
    signs=("encoder.blocks.0.ffn1.layer1.weight", "patch_embed.proj.weight"),
    renames=_SHARED + _MACARON,
    buffers=(),
    dropped=_UNUSED + _DECODER,
    read_config=_read_macaron,
)
OFFICIAL_BASELINE = Family(
    kind="audiomaepp_official_baseline",
    signs=("encoder.blocks.0.mlp.layer1.weight", "patch_embed.proj.weight"),
    renames=_SHARED + _VIT,
    buffers=(),
    dropped=_DECODER,
    read_config=_read_plain,
)
