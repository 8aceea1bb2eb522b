"""The contract of a transform."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Transform(Protocol):
    """Turns waveforms of a fixed rate and length into model-ready arrays.

    Results do not depend on the batch that a waveform comes in, and two transforms of the same
    ``name``, ``version`` and ``parameters()`` give the same bytes: those three enter the encoding
    signature. One with a class attribute ``takes_shorter = True`` also takes shorter waveforms and
    pads in its own way; the others get them with zeros at the end.
    """

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
        """Shape of one model-ready array, without the batch."""
        ...

    @property
    def output_dtype(self) -> np.dtype[Any]:
        """Dtype of the model-ready array."""
        ...

    def parameters(self) -> dict[str, Any]:
        """Everything that can change the output, as JSON-able values."""
        ...

    def __call__(self, waveforms: NDArray[np.float32]) -> NDArray[Any]:
        """Transform float32 [B, input_samples] into [B, *output_shape]."""
        ...

    def to_image(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Picture of one array: uint8 [H, W], row 0 = low frequency."""
        ...
