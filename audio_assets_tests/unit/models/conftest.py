"""A tiny AudioMAE++ checkpoint that every test of the models can load in milliseconds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from audio_assets.models.card import CARD_FILE, ModelCard, TransformCard, write_card
from audio_assets.models.checkpoint_writer import write_weights
from audio_assets.models.encoder_config import audiomaepp_config
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder


@pytest.fixture
def tiny_model() -> SpectrogramEncoder:
    """Two narrow blocks with random weights, norms and biases included."""
    torch.manual_seed(3)
    config = audiomaepp_config(width=128, depth=2, first_hidden=96, second_hidden=80)
    model = SpectrogramEncoder(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.08)
    return model.eval()


@pytest.fixture
def tiny_checkpoint(tmp_path: Path, tiny_model: SpectrogramEncoder) -> Path:
    """A checkpoint directory around the tiny model."""
    directory = tmp_path / "tiny"
    directory.mkdir()
    write_weights(tiny_model, directory / "weights.safetensors", torch.float32)
    card = ModelCard(
        name="tiny",
        kind="audiomaepp",
        weights="weights.safetensors",
        transform=TransformCard(name="logmel_image"),
        sample_rate=22050,
        input_seconds=5.0,
        dim=128,
        licence="CC0-1.0",
    )
    write_card(card, directory / CARD_FILE)
    return directory
