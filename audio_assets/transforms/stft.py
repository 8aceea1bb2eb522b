"""The `stft` transform: the spectrogram on linear frequencies, by librosa's definition."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from audio_assets.transforms.decibels import to_decibels
from audio_assets.transforms.preview import Layout, linear_to_picture, to_picture
from audio_assets.transforms.spectrum import Padding, frame_count, power_spectrum
from audio_assets.transforms.waveform_batch import SLICE, check_waveforms


class StftParameters(BaseModel):
    """Parameters of `Stft`; the defaults are librosa's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate: int = Field(default=22050, gt=0, description="Rate of the waveforms in hertz")
    seconds: float = Field(default=5.0, gt=0, description="Length of the waveforms in seconds")
    n_fft: int = Field(
        default=2048, gt=1, multiple_of=2, description="Length of the Fourier transform in samples"
    )
    window: int | None = Field(
        default=None, gt=1, description="Length of the window; n_fft by default"
    )
    hop: int = Field(default=512, gt=0, description="Step between frames in samples")
    padding: Padding = Field(
        default="constant", description="Beyond the ends: zeros or the mirror image"
    )
    scale: Literal["magnitude", "power", "db"] = Field(
        default="db", description="Unit of the values"
    )
    top_db: float | None = Field(
        default=80.0, gt=0, description="db: range below the loudest point"
    )
    relative: bool = Field(default=True, description="db: relative to the clip's own maximum")
    layout: Layout = Field(default="frequency_first", description="Order of the axes")

    @model_validator(mode="after")
    def _possible(self) -> StftParameters:
        if (self.window or self.n_fft) > self.n_fft:
            raise ValueError(f"window {self.window} is longer than n_fft {self.n_fft}")
        return self


class Stft:
    """Short-time Fourier transform, Hann window, centred frames; the phase is left out."""

    name: ClassVar[str] = "stft"
    version: ClassVar[int] = 1
    Parameters: ClassVar[type[BaseModel]] = StftParameters

    def __init__(self, params: StftParameters | None = None) -> None:
        """Prepare the transform.

        Args:
            params: parameters; the defaults where None.
        """
        self.params = params or StftParameters()

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms in hertz."""
        return self.params.sample_rate

    @property
    def input_samples(self) -> int:
        """Length of a waveform in samples."""
        return round(self.params.seconds * self.params.sample_rate)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(n_fft / 2 + 1, frames), or the other way round where the layout is time first."""
        shape = (frame_count(self.input_samples, self.params.hop), self.params.n_fft // 2 + 1)
        return shape if self.params.layout == "time_first" else shape[::-1]

    @property
    def output_dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def parameters(self) -> dict[str, Any]:
        """Everything that can change the output, as JSON-able values."""
        return self.params.model_dump(mode="json")

    def __call__(self, waveforms: NDArray[np.float32]) -> NDArray[np.float32]:
        """Transform a batch.

        Args:
            waveforms: float32 [B, input_samples], full scale is 1.

        Returns:
            float32 [B, *output_shape].

        Raises:
            EncodingError: when the shape is wrong or a sample is not finite.
        """
        checked = check_waveforms(self.name, waveforms, self.input_samples, self.sample_rate)
        result = np.empty((len(checked), *self.output_shape), dtype=np.float32)
        for start in range(0, len(checked), SLICE):
            part = slice(start, start + SLICE)
            values = self._scaled(checked[part])
            ordered = values if self.params.layout == "time_first" else values.transpose(0, 2, 1)
            result[part] = ordered
        return result

    def to_image(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Picture of one array in decibels: uint8 [frequencies, frames], row 0 = low frequency."""
        if self.params.scale == "db":
            return to_picture(array, self.params.layout)
        return linear_to_picture(array, self.params.layout, power=self.params.scale == "power")

    def _scaled(self, waveforms: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 [B, frames, n_fft / 2 + 1] on the scale of the parameters."""
        params = self.params
        power = power_spectrum(
            waveforms, params.n_fft, params.window or params.n_fft, params.hop, params.padding
        )
        if params.scale == "db":
            return to_decibels(power, relative=params.relative, top_db=params.top_db)
        return np.sqrt(power) if params.scale == "magnitude" else power
