"""The spectrogram encoder: one transformer with switches for every AudioMAE-like family."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from audio_assets.models.blocks.attention import RotaryTables
from audio_assets.models.blocks.encoder_block import make_block, stochastic_depth
from audio_assets.models.blocks.patches import PatchEmbedding
from audio_assets.models.blocks.rotary import inverse_frequencies, paired_tables, rotary_tables
from audio_assets.models.classifier_head import ClassifierHead
from audio_assets.models.encoder_config import EncoderConfig

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class SpectrogramEncoder(nn.Module):
    """Masked-autoencoder encoder over spectrogram patches (Huang et al., arXiv:2207.06405).

    Token 0 is the CLS token, token ``1 + i`` is patch ``i`` in row-major grid order.
    """

    def __init__(self, config: EncoderConfig) -> None:
        """Make an encoder with new weights.

        Args:
            config: geometry and switches.
        """
        super().__init__()
        self.config = config
        self.drop_path = 0.0
        self.patch_embedding = PatchEmbedding(config.channels, config.width, config.patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        table = torch.zeros(1, 1 + config.patches, config.width)
        self.position_table = nn.Parameter(table) if config.position_table else None
        self.blocks = nn.ModuleList(make_block(config) for _ in range(config.depth))
        self.norm = (
            nn.LayerNorm(config.width, eps=config.norm_eps) if config.final_norm else nn.Identity()
        )
        self.rotary_frequencies = (
            nn.ParameterList(inverse_frequencies(config.head_dim) for _ in range(config.depth))
            if config.stored_frequencies
            else None
        )
        self.head = ClassifierHead(config) if config.head_pooling else None
        for name, values in (("image_mean", IMAGENET_MEAN), ("image_std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values, device="cpu"), persistent=False)

    def embed(self, spectrogram: Tensor) -> Tensor:
        """Turn a spectrogram into patch tokens without positions.

        Args:
            spectrogram: float [B, C, H, W], normalised as the family's own trainer does, or the
                model-ready uint8 [B, H, W] of the `logmel_image` transform (scaled and normalised
                here), or the model-ready float [B, H, W] of a model with one channel.

        Returns:
            float [B, N, D].
        """
        if spectrogram.ndim == 4:
            return self.patch_embedding(spectrogram)
        if spectrogram.is_floating_point() and self.config.channels == 1:
            return self.patch_embedding(spectrogram[:, None])
        image = spectrogram.to(self.cls_token.dtype) / 255.0
        mean, std = self.get_buffer("image_mean"), self.get_buffer("image_std")
        return self.patch_embedding.forward_grey(image, mean, std)

    def forward_encoder(
        self, spectrogram: Tensor, mask_ratio: float = 0.0, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Encode a batch of spectrograms.

        At ``mask_ratio`` 0 nothing is shuffled: the result is deterministic and in grid order.
        Otherwise a random subset of the patches is kept; each keeps the position it had in the
        grid.

        Args:
            spectrogram: float [B, C, H, W] or model-ready uint8 [B, H, W]; see `embed`.
            mask_ratio: share of the patches to leave out, in [0, 1).
            generator: source of randomness for the mask; torch's default where None.

        Returns:
            (latent, mask, ids_restore): latent float [B, 1 + kept, D]; mask float [B, N], 1 where a
            patch was left out, in grid order; ids_restore int64 [B, N], the place of each grid
            patch in the shuffled sequence.
        """
        patches = self.embed(spectrogram)
        batch, count, _ = patches.shape
        if self.position_table is not None:
            patches = patches + self.position_table[:, 1:]
        if mask_ratio > 0:
            kept, mask, ids_restore = random_mask(
                batch, count, mask_ratio, generator, patches.device
            )
            patches = patches.gather(1, kept[..., None].expand(-1, -1, patches.shape[-1]))
            positions = torch.cat([torch.zeros_like(kept[:, :1]), kept + 1], dim=1)
        else:
            mask = patches.new_zeros(batch, count)
            ids_restore = torch.arange(count, device=patches.device).expand(batch, count)
            positions = torch.arange(1 + count, device=patches.device)
        cls_token = (
            self.cls_token
            if self.position_table is None
            else self.cls_token + self.position_table[:, :1]
        )
        tokens = torch.cat([cls_token.expand(batch, -1, -1), patches], dim=1)
        return self.forward_tokens(tokens, positions, generator), mask, ids_restore

    def forward_tokens(
        self, tokens: Tensor, positions: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Run the blocks and the final norm.

        Args:
            tokens: float [B, n, D].
            positions: token indices in the full sequence, int64 [n] or [B, n].
            generator: source of randomness of stochastic depth, which acts in training mode only.

        Returns:
            float [B, n, D].
        """
        shared = self._rotary(positions)
        for depth, block in enumerate(self.blocks, start=1):
            keep = None
            if self.training and self.drop_path:
                rate = self.drop_path * depth / len(self.blocks)
                keep = stochastic_depth(len(tokens), rate, generator, tokens.device)
            rotary = shared if self.rotary_frequencies is None else self._stored(positions, depth)
            tokens = block(tokens, rotary, keep)
        return self.norm(tokens)

    def forward_features(self, spectrogram: Tensor) -> Tensor:
        """Encode without a mask; returns tokens, float [B, 1 + N, D]."""
        return self.forward_encoder(spectrogram)[0]

    def _rotary(self, positions: Tensor) -> RotaryTables | None:
        if not self.config.rotary:
            return None
        head_dim = self.config.head_dim
        if self.config.rotary_form == "half":
            return _for_heads(rotary_tables(positions, head_dim), positions)
        frequencies = inverse_frequencies(head_dim).to(positions.device)
        return _for_heads(paired_tables(positions, frequencies), positions)

    def _stored(self, positions: Tensor, depth: int) -> RotaryTables:
        """Tables of block number ``depth``, counted from 1, made of its own frequencies."""
        frequencies = self.get_parameter(f"rotary_frequencies.{depth - 1}")
        return _for_heads(paired_tables(positions, frequencies), positions)


def _for_heads(tables: RotaryTables, positions: Tensor) -> RotaryTables:
    """Put an axis of heads into tables that differ from sample to sample."""
    cos, sin = tables
    return (cos, sin) if positions.ndim == 1 else (cos[:, None], sin[:, None])


def random_mask(
    batch: int,
    count: int,
    mask_ratio: float,
    generator: torch.Generator | None,
    device: torch.device,
) -> tuple[Tensor, Tensor, Tensor]:
    """Choose the patches to keep, others for each sample (He et al. 2021, arXiv:2111.06377).

    Args:
        batch: samples B.
        count: patches N.
        mask_ratio: share to leave out, in [0, 1).
        generator: source of randomness.
        device: where to put the result.

    Returns:
        (kept, mask, ids_restore): int64 [B, K] grid indices, float [B, N] with 1 = left out, int64
        [B, N].
    """
    if not 0.0 <= mask_ratio < 1.0:
        raise ValueError(f"mask_ratio is {mask_ratio}; expected a share in [0, 1)")
    keep = max(1, int(count * (1 - mask_ratio)))
    shuffle = torch.rand(batch, count, generator=generator, device=device).argsort(dim=1)
    ids_restore = shuffle.argsort(dim=1)
    return shuffle[:, :keep], (ids_restore >= keep).float(), ids_restore
