"""What the transforms of radio samples share: their parameters, shape and checks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from audio_assets.errors import EncodingError


class IqParameters(BaseModel):
    """Parameters of a picture of IQ samples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    height: int = Field(default=224, gt=0, description="Rows of the picture")
    width: int = Field(default=224, gt=0, description="Columns of the picture")
    window_samples: int = Field(
        default=32768, gt=0, description="Usual length of a window; other lengths are taken, too"
    )


def check_iq(name: str, samples: NDArray[Any]) -> NDArray[np.complex64]:
    """Check a batch of IQ samples.

    Args:
        name: the transform, for the message.
        samples: complex [B, T] or [B, C, T], T >= 1; float [B, T] for real signals.

    Returns:
        complex64 [B, C, T].

    Raises:
        EncodingError: the shape is wrong, or a sample is not finite.
    """
    batch = np.asarray(samples)
    batch = batch[:, None] if batch.ndim == 2 else batch
    if batch.ndim != 3 or 0 in batch.shape[1:]:
        raise EncodingError(
            f"{name} got IQ samples of shape {np.shape(samples)}; expected [batch, samples] or "
            "[batch, channels, samples]."
        )
    if not np.isfinite(batch).all():
        raise EncodingError(f"{name} got NaN or infinite samples; replace them before encoding.")
    return np.ascontiguousarray(batch, dtype=np.complex64)


class IqPicture:
    """Base of transforms from IQ samples of any rate and length to a grey picture.

    They are `native`: nothing is resampled, since a recording's own rate is what its frequency axis
    means; a window is their input whatever its length.
    """

    native = True
    takes_shorter = True

    def __init__(self, params: IqParameters) -> None:
        self.params = params

    @property
    def sample_rate(self) -> int:
        """1: samples, whatever their rate."""
        return 1

    @property
    def input_samples(self) -> int:
        """Usual length of a window in samples."""
        return self.params.window_samples

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(height, width) in pixels."""
        return self.params.height, self.params.width

    @property
    def output_dtype(self) -> np.dtype[Any]:
        """uint8."""
        return np.dtype(np.uint8)

    def parameters(self) -> dict[str, Any]:
        """Everything that can change the output, as JSON-able values."""
        return self.params.model_dump(mode="json")

    def to_image(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """The array itself: it is a picture; uint8 [H, W]."""
        return np.asarray(array, dtype=np.uint8)
