"""The switches of the one spectrogram encoder: what its families differ in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from audio_assets.errors import CheckpointError

HEAD_DIM = 64


@dataclass(frozen=True)
class EncoderConfig:
    """Geometry and block form of a spectrogram encoder; read from shapes, never from prose.

    Attributes:
        image_size: (height, width) of the input in pixels.
        patch_size: (height, width) of a patch in pixels.
        channels: input channels C.
        width: channels of a token, D.
        depth: number of blocks.
        heads: attention heads, D / 64.
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
        rotary: rotary positions in the attention.
        position_table: a learned or stored absolute table added to the tokens.
        norm_eps: epsilon of every layer norm.
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
    rotary: bool = False
    position_table: bool = False
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        """Check that the geometry is possible."""
        if self.width != self.heads * HEAD_DIM:
            raise CheckpointError(
                f"width {self.width} does not fit {self.heads} heads of {HEAD_DIM} channels; "
                f"expected a width that is a multiple of {HEAD_DIM}"
            )
        for side, patch in zip(self.image_size, self.patch_size, strict=True):
            if side % patch or side < patch:
                raise CheckpointError(
                    f"an image of {self.image_size} pixels cannot be cut into patches of "
                    f"{self.patch_size}; "
                    "expected each side to be a multiple of the patch"
                )

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the patch grid."""
        return self.image_size[0] // self.patch_size[0], self.image_size[1] // self.patch_size[1]

    @property
    def patches(self) -> int:
        """Number of patch tokens N."""
        return self.grid[0] * self.grid[1]


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
        heads=width // HEAD_DIM,
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
        heads=width // HEAD_DIM,
        block="vit",
        first_hidden=first_hidden,
        position_table=True,
    )
