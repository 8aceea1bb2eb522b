"""A checkpoint for tests: an AudioMAE++ of one narrow block with random weights."""

from __future__ import annotations

from pathlib import Path


def write_tiny_checkpoint(directory: Path) -> Path:
    """Write it: fast, deterministic, not constant; 64 dimensions, 5 s at 22,050 Hz."""
    import torch

    from audio_assets.models.card import ModelCard, TransformCard, write_card
    from audio_assets.models.checkpoint_writer import write_weights
    from audio_assets.models.encoder_config import audiomaepp_config
    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

    directory.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    config = audiomaepp_config(width=64, depth=1, first_hidden=64, second_hidden=64)
    write_weights(SpectrogramEncoder(config), directory / "weights.safetensors")
    card = ModelCard(
        name=directory.name, kind="audiomaepp", weights="weights.safetensors", dim=64,
        transform=TransformCard(name="logmel_image"), sample_rate=22050, input_seconds=5.0,
        licence="none: random weights of a test",
    )  # fmt: skip
    write_card(card, directory / "model.yaml")
    return directory
