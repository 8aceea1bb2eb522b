"""The switches of the one spectrogram encoder: what its families differ in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from audio_assets.errors import CheckpointError

HEAD_DIM = 64
_HEADS = {1280: 16}


@dataclass(frozen=True)
class EncoderConfig:
    """Geometry and block form of a spectrogram encoder; read from shapes, never from prose.

    Attributes:
        image_size: (height, width) of the input in pixels.
        patch_size: (height, width) of a patch in pixels.
        channels: input channels C.
        width: channels of a token, D.
        depth: number of blocks.
        heads: attention heads.
        block: "macaron" (half-step feed-forward, attention, gated feed-forward) or "vit"
            (attention, feed-forward).
        first_hidden: inner width of the plain feed-forward net.
        second_hidden: inner width of the gated feed-forward net; 0 for "vit".
        activation: activation of the plain net.
        first_scale: weight of the plain net's residual branch.
        second_scale: weight of the gated net's residual branch.
        second_norm: "own", or "attention" where the gated net reads the attention's layer norm
            again.
        gate_bias: biases in the gated net.
        gate_norm: a layer norm inside the gated net.
        qkv_bias: bias of the fused query-key-value projection.
        first_gated: the block's only feed-forward net ("vit") is a gated one.
        second_gated: the second net ("macaron") is a gated one; else a plain one.
        rotary: rotary positions in the attention.
        rotary_form: "half" (channel i turns with i + head_dim / 2) or "pairs" (with its neighbour).
        stored_frequencies: the rotary frequencies of every block are weights of the checkpoint.
        position_table: a learned or stored absolute table added to the tokens.
        norm_eps: epsilon of every layer norm.
        final_norm: a layer norm over the tokens after the last block.
        time_first: rows of the input are time and columns frequency; else the other way round.
        head_pooling: what a classification head reads; None without a head.
        head_norm: a layer norm between that pooling and the classifier ("fc_norm").
        classes: number of classes; 0 without a classifier.
    """

    image_size: tuple[int, int]
    patch_size: tuple[int, int]
    channels: int
    width: int
    depth: int
    heads: int
    block: Literal["macaron", "vit"]
    first_hidden: int
    second_hidden: int = 0
    activation: Literal["gelu", "silu"] = "gelu"
    first_scale: float = 1.0
    second_scale: float = 1.0
    second_norm: Literal["own", "attention"] = "own"
    gate_bias: bool = False
    gate_norm: bool = False
    qkv_bias: bool = False
    first_gated: bool = False
    second_gated: bool = True
    rotary: bool = False
    rotary_form: Literal["half", "pairs"] = "half"
    stored_frequencies: bool = False
    position_table: bool = False
    norm_eps: float = 1e-5
    final_norm: bool = True
    time_first: bool = False
    head_pooling: Literal["cls", "mean"] | None = None
    head_norm: bool = False
    classes: int = 0

    def __post_init__(self) -> None:
        """Check that the geometry is possible."""
        if self.heads < 1 or self.width % (2 * self.heads):
            raise CheckpointError(
                f"width {self.width} does not fit {self.heads} heads; expected an even number of "
                f"channels for each, usually a width that is a multiple of {HEAD_DIM}"
            )
        for side, patch in zip(self.image_size, self.patch_size, strict=True):
            if side % patch or side < patch:
                raise CheckpointError(
                    f"an image of {self.image_size} pixels cannot be cut into patches of "
                    f"{self.patch_size}; "
                    "expected each side to be a multiple of the patch"
                )

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.width // self.heads

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the patch grid."""
        return self.image_size[0] // self.patch_size[0], self.image_size[1] // self.patch_size[1]

    @property
    def patches(self) -> int:
        """Number of patch tokens N."""
        return self.grid[0] * self.grid[1]


def heads_for_width(width: int) -> int:
    """Return the number of attention heads that all published models of a width have.

    Args:
        width: channels of a token.

    Returns:
        width / 64, but 16 for the "huge" width of 1280.

    Raises:
        CheckpointError: when the width is no multiple of 64.
    """
    if width in _HEADS:
        return _HEADS[width]
    if width % HEAD_DIM or width < HEAD_DIM:
        raise CheckpointError(
            f"width {width} does not tell the number of heads; expected a width that is a "
            f"multiple of {HEAD_DIM}"
        )
    return width // HEAD_DIM


def audiomaepp_config(
    *,
    width: int = 768,
    depth: int = 12,
    first_hidden: int = 3072,
    second_hidden: int = 3072,
    side: int = 224,
    position_table: bool = False,
) -> EncoderConfig:
    """Return the AudioMAE++ preset: Macaron 0.5 / 1 / 0.5, SwiGLU, rotary positions, RGB.

    Args:
        width: channels of a token.
        depth: number of blocks.
        first_hidden: inner width of the half-step net.
        second_hidden: inner width of the gated net.
        side: height and width of the image in pixels.
        position_table: an absolute table beside the rotary positions.

    Returns:
        The configuration.
    """
    return EncoderConfig(
        image_size=(side, side),
        patch_size=(16, 16),
        channels=3,
        width=width,
        depth=depth,
        heads=heads_for_width(width),
        block="macaron",
        first_hidden=first_hidden,
        second_hidden=second_hidden,
        first_scale=0.5,
        second_scale=0.5,
        rotary=True,
        position_table=position_table,
    )


def baseline_config(
    *, width: int = 768, depth: int = 12, first_hidden: int = 3072, side: int = 224
) -> EncoderConfig:
    """Return the baseline preset of the same family: a pre-norm ViT with a learned position table.

    Args:
        width: channels of a token.
        depth: number of blocks.
        first_hidden: inner width of the feed-forward net.
        side: height and width of the image in pixels.

    Returns:
        The configuration.
    """
    return EncoderConfig(
        image_size=(side, side),
        patch_size=(16, 16),
        channels=3,
        width=width,
        depth=depth,
        heads=heads_for_width(width),
        block="vit",
        first_hidden=first_hidden,
        position_table=True,
    )
