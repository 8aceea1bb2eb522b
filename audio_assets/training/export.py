"""Export: a trained encoder becomes a checkpoint directory with card, weights and probe."""

from __future__ import annotations

from pathlib import Path

from audio_assets.models.card import CARD_FILE, ModelCard, TransformCard, read_card, write_card
from audio_assets.models.checkpoint_writer import write_weights
from audio_assets.models.encoder import load_encoder
from audio_assets.models.precision import state_agreement
from audio_assets.models.probe import write_probe
from audio_assets.models.registry import Checkpoint
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

WEIGHTS_FILE = "weights.safetensors"
LICENCE = "CC BY 4.0 (weights); trained on ESC-10, CC BY 3.0 with per-clip terms"
CITATION = (
    "K. J. Piczak. ESC: Dataset for Environmental Sound Classification. ACM Multimedia 2015. "
    "doi:10.1145/2733373.2806390. Clips by Freesound authors."
)


def export_checkpoint(encoder: SpectrogramEncoder, directory: Path) -> ModelCard:
    """Write a checkpoint directory; the weights are stored in int8 and probed as stored.

    Args:
        encoder: an AudioMAE++ encoder.
        directory: the directory; its name becomes the checkpoint's.

    Returns:
        The card.

    Raises:
        CheckpointError: when the vectors of the written file are not usable.
        StorageError: when a file cannot be written.
    """
    config = encoder.config
    card = ModelCard(
        name=directory.name,
        kind="audiomaepp",
        weights=WEIGHTS_FILE,
        transform=TransformCard(name="logmel_image", params={"size": config.image_size[0]}),
        sample_rate=22050,
        input_seconds=5.0,
        pooling="cls",
        dim=config.width,
        licence=LICENCE,
        source="Trained from scratch by `audio-assets train`; see README.md beside this card.",
        citation=CITATION,
        description=(
            f"AudioMAE++ encoder of {config.depth} blocks, masked pre-training and fine-tuning on "
            "folds 1-4 of ESC-10."
        ),
    )
    directory.mkdir(parents=True, exist_ok=True)
    write_weights(encoder, directory / WEIGHTS_FILE)
    write_card(card, directory / CARD_FILE)
    write_probe(load_encoder(directory, device="cpu"), directory)
    state_agreement(Checkpoint(card, directory))
    return read_card(directory / CARD_FILE)
