"""The AudioMAE family (Huang et al., arXiv:2207.06405): Meta's names, which timm's are too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from audio_assets.errors import CheckpointError
from audio_assets.models.encoder_config import EncoderConfig, heads_for_width
from audio_assets.models.key_map import Family, count_blocks, shape_of
from audio_assets.models.position_grid import grid_of_bands

if TYPE_CHECKING:
    from torch import Tensor

MEL_BANDS = 128
_BLOCK = r"blocks\.(\d+)\."
_RENAMES = (
    (r"patch_embed\.proj\.(weight|bias)", r"patch_embedding.\1"),
    (r"cls_token", r"cls_token"),
    (r"pos_embed", r"position_table"),
    (_BLOCK + r"norm1\.(weight|bias)", r"blocks.\1.attention_norm.\2"),
    (_BLOCK + r"attn\.qkv\.(weight|bias)", r"blocks.\1.attention.qkv.\2"),
    (_BLOCK + r"attn\.proj\.(weight|bias)", r"blocks.\1.attention.out.\2"),
    (_BLOCK + r"norm2\.(weight|bias)", r"blocks.\1.first_norm.\2"),
    (_BLOCK + r"mlp\.fc1\.(weight|bias)", r"blocks.\1.first.up.\2"),
    (_BLOCK + r"mlp\.fc2\.(weight|bias)", r"blocks.\1.first.down.\2"),
    (r"norm\.(weight|bias)", r"norm.\1"),
    (r"fc_norm\.(weight|bias)", r"head.norm.\1"),
    (r"head\.(weight|bias)", r"head.linear.\1"),
)
_DECODER = (
    r"mask_token",
    r"decoder_pos_embed",
    r"decoder_embed\.(weight|bias)",
    r"decoder_blocks\.\d+\..+",
    r"decoder_norm\.(weight|bias)",
    r"decoder_pred\.(weight|bias)",
)


def _read(state: Mapping[str, Tensor]) -> EncoderConfig:
    width, channels, tall, wide = shape_of(state, "patch_embed.proj.weight", 4)
    shape_of(state, "pos_embed", 3)
    rows, columns = grid_of_bands(state["pos_embed"], MEL_BANDS, wide, transposed=True)
    pooled_norm = "fc_norm.weight" in state
    if pooled_norm and "norm.weight" in state:
        raise CheckpointError(
            "it holds both 'norm.weight' (of pre-training) and 'fc_norm.weight' (of fine-tuning); "
            "expected one of them."
        )
    classes = shape_of(state, "head.weight", 2)[0] if "head.weight" in state else 0
    return EncoderConfig(
        image_size=(rows * tall, columns * wide),
        patch_size=(tall, wide),
        channels=channels,
        width=width,
        depth=count_blocks(state, "blocks."),
        heads=heads_for_width(width),
        block="vit",
        first_hidden=shape_of(state, "blocks.0.mlp.fc1.weight", 2)[0],
        qkv_bias=True,
        position_table=True,
        norm_eps=1e-6,
        final_norm=not pooled_norm,
        time_first=True,
        head_pooling=_head_pooling(pooled_norm, classes),
        head_norm=pooled_norm,
        classes=classes,
    )


def _head_pooling(pooled_norm: bool, classes: int) -> Literal["cls", "mean"] | None:
    if pooled_norm:
        return "mean"
    return "cls" if classes else None


AUDIOMAE = Family(
    kind="audiomae",
    signs=("blocks.0.attn.qkv.weight", "blocks.0.mlp.fc1.weight", "patch_embed.proj.weight"),
    renames=_RENAMES,
    buffers=(),
    dropped=_DECODER,
    read_config=_read,
)
