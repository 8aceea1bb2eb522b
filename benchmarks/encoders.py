"""The two encoders of the targets, with seeded weights: family C base and the ViT-B baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from audio_assets.models.card import ModelCard
    from audio_assets.models.encoder_config import EncoderConfig
    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
    from audio_assets.models.torch_encoder import TorchEncoder

TOKENS = 197
NAMES = ("family C base", "ViT-B baseline")


def config_of(name: str) -> EncoderConfig:
    """Geometry of one of `NAMES`: 224 x 224 images, patches of 16, 12 blocks of width 768."""
    from audio_assets.models.encoder_config import audiomaepp_config, baseline_config

    return audiomaepp_config() if name == "family C base" else baseline_config()


def make(name: str) -> SpectrogramEncoder:
    """One of `NAMES` with seeded random weights, in evaluation mode."""
    import torch

    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

    torch.manual_seed(0)
    return SpectrogramEncoder(config_of(name)).eval()


def card(name: str) -> ModelCard:
    """Its card: a picture of five seconds in, the CLS token out."""
    from audio_assets.models.card import ModelCard, TransformCard

    return ModelCard(
        name=name.replace(" ", "-"),
        kind="audiomaepp" if name == "family C base" else "audiomae_baseline",
        weights="weights.safetensors",
        transform=TransformCard(name="logmel_image"),
        sample_rate=22_050,
        input_seconds=5.0,
        dim=768,
        licence="CC0-1.0",
    )


def load(name: str, device: str, precision: str) -> TorchEncoder:
    """The encoder that `load_encoder` would make of it."""
    import torch

    from audio_assets.models.torch_encoder import TorchEncoder

    return TorchEncoder(card(name), make(name), torch.device(device), precision)


def checkpoint(directory: Path) -> Path:
    """Write family C base as a checkpoint, its agreement in bf16 measured; returns its place."""
    import torch

    from audio_assets.models.card import CARD_FILE, write_card
    from audio_assets.models.checkpoint_writer import write_weights
    from audio_assets.models.precision import measure_agreement
    from audio_assets.models.registry import Checkpoint

    stated = card(NAMES[0])
    target = directory / stated.name
    target.mkdir(parents=True)
    write_weights(make(NAMES[0]), target / stated.weights, torch.float32)
    cosine = measure_agreement(Checkpoint(stated, target))
    write_card(stated.model_copy(update={"bf16_cosine": cosine}), target / CARD_FILE)
    return target


def gflop(config: EncoderConfig) -> float:
    """Matrix products of one clip in GFLOP, two per multiply-add; norms and softmax not counted."""
    tokens = 1 + config.patches
    width, hidden = config.width, config.first_hidden
    nets = (3 if config.first_gated else 2) * width * hidden
    if config.block == "macaron":
        nets += (3 if config.second_gated else 2) * width * config.second_hidden
    linear = tokens * (4 * width * width + nets)
    attention = 2 * tokens * tokens * width
    tall, wide = config.patch_size
    return 2 * (config.depth * (linear + attention) + config.patches * tall * wide * width) / 1e9


def images(count: int) -> np.ndarray:
    """Model-ready images like log-mel pictures: uint8 [count, 224, 224]."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(40, 160, 224)[None, :, None]
    return (ramp + rng.normal(0, 30, (count, 224, 224))).clip(0, 255).astype(np.uint8)
