"""Checking a card of a torch encoder against its weights and its transform."""

from __future__ import annotations

import numpy as np

from audio_assets.errors import CardError
from audio_assets.models.card import ModelCard
from audio_assets.models.encoder_config import EncoderConfig
from audio_assets.models.pooling import pooled_dim
from audio_assets.transforms.transform import Transform


def check_card(card: ModelCard, config: EncoderConfig, transform: Transform) -> None:
    """Compare a card with the weights and the transform that it names.

    Args:
        card: the checkpoint's card.
        config: geometry of its encoder, as read from the weights.
        transform: the card's transform.

    Raises:
        CardError: when dim, rate, length, image size, pooling or labels contradict each other.
    """
    for what, said, found in (
        ("dim", card.dim, pooled_dim(config, card.pooling)),
        ("sample_rate", card.sample_rate, transform.sample_rate),
        ("input_seconds (in samples)", card.input_samples, transform.input_samples),
        ("image size", _one_input(transform.output_shape, config.image_size), config.image_size),
        ("number of labels", len(card.labels) or config.classes, config.classes),
    ):
        if said != found:
            raise CardError(
                f"The card of {card.name!r} gives {what} {said}; its weights and transform have "
                f"{found}."
            )
    if (transform.output_dtype == np.uint8) != (config.channels == 3):
        raise CardError(
            f"The card of {card.name!r} names transform {transform.name!r}, which gives "
            f"{transform.output_dtype}; its model reads {config.channels} channels. Models of "
            "three channels read pictures (logmel_image), those of one channel spectrograms."
        )


def _one_input(shape: tuple[int, ...], size: tuple[int, int]) -> tuple[int, ...]:
    """The shape of one model input in a transform's array that holds one or more, row after row."""
    whole = len(shape) == 2 and shape[0] >= size[0] and shape[0] % size[0] == 0
    return (size[0], *shape[1:]) if whole else shape
