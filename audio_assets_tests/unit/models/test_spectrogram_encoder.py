"""Masks, positions, determinism and geometry of the encoder."""

from __future__ import annotations

import pytest
import torch

from audio_assets.errors import CheckpointError
from audio_assets.models.encoder_config import EncoderConfig, audiomaepp_config, baseline_config
from audio_assets.models.spectrogram_encoder import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    SpectrogramEncoder,
    random_mask,
)


def images(batch: int = 2) -> torch.Tensor:
    stream = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (batch, 224, 224), generator=stream, dtype=torch.uint8)


def test_without_a_mask_two_calls_agree_bit_for_bit(tiny_model: SpectrogramEncoder) -> None:
    with torch.inference_mode():
        first, second = (tiny_model.forward_encoder(images())[0] for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (2, 197, 128)


def test_a_grey_plane_equals_three_normalised_channels(tiny_model: SpectrogramEncoder) -> None:
    grey = images()
    mean = torch.tensor(IMAGENET_MEAN)[:, None, None]
    std = torch.tensor(IMAGENET_STD)[:, None, None]
    colour = ((grey[:, None] / 255.0).expand(-1, 3, -1, -1) - mean) / std
    with torch.inference_mode():
        difference = tiny_model.forward_features(grey) - tiny_model.forward_features(colour)
    assert difference.abs().max() < 2e-5


def test_masked_patches_keep_the_position_they_had(tiny_model: SpectrogramEncoder) -> None:
    with torch.inference_mode():
        stream = torch.Generator().manual_seed(7)
        latent, mask, ids_restore = tiny_model.forward_encoder(images(), 0.75, stream)
        assert latent.shape == (2, 1 + 49, 128)
        assert mask.sum(dim=1).tolist() == [147, 147]
        patches = tiny_model.embed(images())
        for sample in range(2):
            kept = torch.nonzero(mask[sample] == 0).flatten()
            tokens = torch.cat([tiny_model.cls_token[0], patches[sample, kept]])[None]
            positions = torch.cat([torch.zeros(1, dtype=torch.long), kept + 1])
            expected = tiny_model.forward_tokens(tokens, positions)[0]
            assert (latent[sample, 0] - expected[0]).abs().max() < 1e-4
            in_order = latent[sample, 1 + ids_restore[sample, kept]]
            assert (in_order - expected[1:]).abs().max() < 1e-4


def test_positions_matter(tiny_model: SpectrogramEncoder) -> None:
    with torch.inference_mode():
        upright = tiny_model.forward_features(images())[:, 0]
        upside_down = tiny_model.forward_features(images().flip(1))[:, 0]
    assert (upright - upside_down).abs().max() > 1e-3


def test_a_seeded_generator_gives_the_same_mask(tiny_model: SpectrogramEncoder) -> None:
    masks = [
        tiny_model.forward_encoder(images(), 0.5, torch.Generator().manual_seed(seed))[1]
        for seed in (1, 1, 2)
    ]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_the_two_feed_forward_widths_are_free() -> None:
    config = audiomaepp_config(width=64, depth=1, first_hidden=40, second_hidden=24, side=32)
    model = SpectrogramEncoder(config)
    assert model.blocks[0].first.up.out_features == 40
    assert model.blocks[0].second.gate.out_features == 24
    assert model.forward_features(torch.zeros(1, 32, 32, dtype=torch.uint8)).shape == (1, 5, 64)


def test_the_baseline_adds_its_table_to_the_cls_token() -> None:
    model = SpectrogramEncoder(baseline_config(width=64, depth=1, first_hidden=32, side=32)).eval()
    blank = torch.zeros(1, 32, 32, dtype=torch.uint8)
    before = model.forward_features(blank)[:, 0]
    assert model.position_table is not None
    torch.nn.init.normal_(model.position_table)
    assert (model.forward_features(blank)[:, 0] - before).abs().max() > 1e-2


def test_every_patch_is_kept_or_masked_once() -> None:
    kept, mask, ids_restore = random_mask(3, 20, 0.6, None, torch.device("cpu"))
    assert kept.shape == (3, 8)
    for sample in range(3):
        assert mask[sample, kept[sample]].sum() == 0
        assert sorted(ids_restore[sample].tolist()) == list(range(20))


@pytest.mark.parametrize("ratio", [-0.1, 1.0])
def test_an_impossible_mask_ratio_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="mask_ratio"):
        random_mask(1, 4, ratio, None, torch.device("cpu"))


def test_a_width_that_is_no_multiple_of_the_head_is_refused() -> None:
    with pytest.raises(CheckpointError, match="multiple of 64"):
        audiomaepp_config(width=100)


def test_an_image_that_patches_do_not_tile_is_refused() -> None:
    with pytest.raises(CheckpointError, match="cut into patches"):
        EncoderConfig((30, 32), (16, 16), 1, 64, 1, 1, "vit", 64)
