"""The `waveform` transform: nothing is done, the model takes samples as they are."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from audio_assets.errors import EncodingError

PICTURE_BINS = 96


class WaveformParameters(BaseModel):
    """What a model takes: rate in hertz and length in samples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate: int = Field(default=16_000, gt=0)
    input_samples: int = Field(default=16_000, gt=0)


class WaveformTransform:
    """Identity on waveforms: float32 [B, input_samples] in, the same array out.

    Args:
        params: rate and length.
    """

    name: ClassVar[str] = "waveform"
    version: ClassVar[int] = 1
    Parameters: ClassVar[type[BaseModel]] = WaveformParameters

    def __init__(self, params: WaveformParameters | None = None) -> None:
        self._params = params or WaveformParameters()

    @property
    def sample_rate(self) -> int:
        """Rate in hertz."""
        return self._params.sample_rate

    @property
    def input_samples(self) -> int:
        """Length in samples."""
        return self._params.input_samples

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(samples,)."""
        return (self.input_samples,)

    @property
    def output_dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def parameters(self) -> dict[str, Any]:
        """Rate and length."""
        return {"sample_rate": self.sample_rate, "input_samples": self.input_samples}

    def __call__(self, waveforms: NDArray[np.float32]) -> NDArray[np.float32]:
        """Check a batch and hand it on.

        Args:
            waveforms: float32 [B, input_samples], full scale is 1.

        Returns:
            The same values, float32 [B, input_samples].

        Raises:
            EncodingError: when the shape is wrong or a sample is not finite.
        """
        if waveforms.ndim != 2 or waveforms.shape[1] != self.input_samples:
            raise EncodingError(
                f"The model takes {self.input_samples} samples at {self.sample_rate} Hz per row; "
                f"found an array of shape {waveforms.shape}. Resample, then pad or cut first."
            )
        if not np.isfinite(waveforms).all():
            raise EncodingError("The sound has NaN or infinite samples; replace them first.")
        return np.ascontiguousarray(waveforms, dtype=np.float32)

    def to_image(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Spectrogram of the waveform for people to look at; the model never sees it.

        Args:
            array: float32 [input_samples].

        Returns:
            uint8 [96, frames], row 0 = low frequency, 80 dB of range.
        """
        samples = np.asarray(array, dtype=np.float32).ravel()
        size = 2 * PICTURE_BINS
        samples = np.pad(samples, (0, max(0, size - len(samples))))
        step = max(1, (len(samples) - size) // 256)
        frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::step]
        power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)[:, :PICTURE_BINS]) ** 2
        decibels = 10 * np.log10(np.maximum(power, 1e-10)).T
        return (255 * np.clip((decibels - decibels.max()) / 80 + 1, 0, 1)).astype(np.uint8)
