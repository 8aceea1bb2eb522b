"""Any image checkpoint as an encoder of IQ: its model is shown pictures of IQ samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.encoding.protocols import InputEncoder
from audio_assets.errors import EncodingError
from audio_assets.models.card import ModelCard, TransformCard
from audio_assets.radio.marked import radio_of
from audio_assets.radio.statement import RadioSettings
from audio_assets.recordings.windows import WindowGrid, grid_of
from audio_assets.transforms.registry import make_transform
from audio_assets.transforms.transform import Transform

PICTURE = np.dtype(np.uint8)


class RadioEncoder:
    """An encoder whose inputs are made by an IQ transform of the same shape and dtype."""

    def __init__(self, encoder: Any, transform: Transform) -> None:
        """Put an IQ transform before a model.

        Args:
            encoder: of an image checkpoint.
            transform: gives what its own transform gives.
        """
        self._encoder, self._transform = encoder, transform

    @property
    def transform(self) -> Transform:
        """From IQ samples to the model's input."""
        return self._transform

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._encoder.dim

    @property
    def device(self) -> str:
        """Where the model runs."""
        return getattr(self._encoder, "device", "cpu")

    def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
        """Pictures uint8 [B, H, W] to vectors float32 [B, dim]."""
        return self._encoder.encode_inputs(inputs)

    def encode_samples(self, samples: np.ndarray) -> np.ndarray:
        """Encode windows of IQ.

        Args:
            samples: complex64 [B, T] or [B, C, T].

        Returns:
            float32 [B, dim].
        """
        return self._encoder.encode_inputs(self._transform(samples))


def encoder_for(encoder: Any, recordings: pa.Table) -> InputEncoder:
    """The encoder itself for sound; around it an IQ transform for a folder of radio.

    Raises:
        EncodingError: the checkpoint takes no pictures.
    """
    stated = radio_of(recordings)
    if stated is None:
        return encoder
    card = iq_transform_card(encoder.card, stated, grid_of(recordings))
    return RadioEncoder(encoder, make_transform(card.name, card.params))


def transform_for(card: ModelCard, recordings: pa.Table) -> Transform:
    """The transform that a checkpoint's inputs are made with: its own, or an IQ one of its shape.

    Raises:
        EncodingError: the recordings are radio and the checkpoint takes no pictures.
    """
    stated = radio_of(recordings)
    if stated is None:
        return make_transform(card.transform.name, card.transform.params)
    chosen = iq_transform_card(card, stated, grid_of(recordings))
    return make_transform(chosen.name, chosen.params)


def iq_transform_card(card: ModelCard, stated: RadioSettings, grid: WindowGrid) -> TransformCard:
    """The IQ transform that gives what a checkpoint's own transform gives.

    Raises:
        EncodingError: the checkpoint takes no pictures (uint8 [height, width]).
    """
    own = make_transform(card.transform.name, card.transform.params)
    if own.output_dtype != PICTURE or len(own.output_shape) != 2:
        raise EncodingError(
            f"The checkpoint {card.name!r} takes {own.output_dtype} {own.output_shape} of "
            f"{own.name!r}, not pictures, so it cannot see IQ samples. Take an image checkpoint, "
            "such as the shipped one."
        )
    height, width = own.output_shape
    params: dict[str, Any] = {"height": height, "width": width}
    if grid.window_samples is not None:
        params["window_samples"] = grid.window_samples
    return TransformCard(name=stated.picture, params=params)
