"""What the encoding engine asks of an encoder, a transform and a window grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np


class ArrayTransform(Protocol):
    """Waveforms to model-ready arrays; see `audio_assets.transforms.transform.Transform`."""

    name: ClassVar[str]
    version: ClassVar[int]

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms in hertz."""
        ...

    @property
    def input_samples(self) -> int:
        """Length of a waveform in samples."""
        ...

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of one model-ready array."""
        ...

    @property
    def output_dtype(self) -> np.dtype[Any]:
        """Dtype of the model-ready array."""
        ...

    def parameters(self) -> dict[str, Any]:
        """Everything that can change the output, as JSON values."""
        ...

    def __call__(self, waveforms: np.ndarray, /) -> np.ndarray:
        """float32 [B, input_samples] to [B, *output_shape]."""
        ...


class PicturedTransform(ArrayTransform, Protocol):
    """A transform whose arrays can be looked at."""

    def to_image(self, array: np.ndarray, /) -> np.ndarray:
        """Picture of one array: uint8 [H, W], row 0 = low frequency."""
        ...


@runtime_checkable
class InputEncoder(Protocol):
    """Model-ready arrays to vectors; see `audio_assets.models.encoder.Encoder`.

    One row's vector must not depend on its neighbours in a call, nor on its place in it.
    """

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def transform(self) -> Any:
        """An `ArrayTransform`."""
        ...

    def encode_inputs(self, inputs: np.ndarray, /) -> np.ndarray:
        """[B, *output_shape] to float32 [B, dim]."""
        ...


class Card(Protocol):
    """The part of a model card that enters the signature."""

    def encoding_fields(self) -> Mapping[str, Any]:
        """Fields of the card that can change a vector, as JSON values."""
        ...


class Grid(Protocol):
    """The folder's window grid."""

    def to_json(self) -> str:
        """Canonical JSON."""
        ...
