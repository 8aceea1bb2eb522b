"""A trained encoder as a checkpoint directory: weights and card."""

from __future__ import annotations

from pathlib import Path

import torch

from audio_assets.errors import CheckpointError
from audio_assets.home import SLUG
from audio_assets.models.card import CARD_FILE, ModelCard, TransformCard, write_card
from audio_assets.models.checkpoint_writer import write_weights
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.training.export import WEIGHTS_FILE
from audio_assets.transforms.logmel_image import LogmelImage

_KINDS = {"macaron": "audiomaepp", "vit": "audiomae_baseline"}
_DTYPES = {"float32": torch.float32, "int8": torch.int8}


def check_name(out: Path) -> None:
    """Refuse a directory whose name cannot be a checkpoint's.

    Raises:
        CheckpointError: with what is allowed.
    """
    if not SLUG.fullmatch(out.name):
        raise CheckpointError(
            f"{out.name!r} cannot be the name of a checkpoint: letters, digits, '.', '_' and '-', "
            "a letter or digit first."
        )


def write_checkpoint(
    encoder: SpectrogramEncoder,
    transform: LogmelImage,
    out: Path,
    *,
    storage: str,
    licence: str,
    description: str,
) -> ModelCard:
    """Write `weights.safetensors` and `model.yaml`.

    Args:
        encoder: the encoder.
        transform: its transform.
        out: the directory; its name becomes the checkpoint's.
        storage: "float32", or "int8", a quarter of the size, with a scale for each row.
        licence: of the weights.
        description: what it is.

    Returns:
        The card.

    Raises:
        CheckpointError: a weight is not finite, or the name or the storage is not possible.
    """
    check_name(out)
    if storage not in _DTYPES:
        raise CheckpointError(f"weights cannot be stored as {storage!r}; float32 or int8.")
    config = encoder.config
    card = ModelCard(
        name=out.name,
        kind=_KINDS[config.block],
        weights=WEIGHTS_FILE,
        transform=TransformCard(name=transform.name, params=transform.parameters()),
        sample_rate=transform.sample_rate,
        input_seconds=transform.input_samples / transform.sample_rate,
        pooling="cls",
        dim=config.width,
        licence=licence,
        source="Trained in a notebook that `audio-assets notebook training` generated.",
        description=description,
    )
    out.mkdir(parents=True, exist_ok=True)
    write_weights(encoder, out / WEIGHTS_FILE, _DTYPES[storage])
    write_card(card, out / CARD_FILE)
    return card
