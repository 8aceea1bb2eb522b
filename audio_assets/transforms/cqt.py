"""The `cqt` transform: the constant-Q spectrogram, computed by librosa."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from audio_assets.transforms.decibels import to_decibels
from audio_assets.transforms.preview import Layout, linear_to_picture, to_picture
from audio_assets.transforms.spectrum import frame_count
from audio_assets.transforms.waveform_batch import check_waveforms

C1_HZ = 32.70319566257483


class CqtParameters(BaseModel):
    """Parameters of `Cqt`; the defaults are librosa's: seven octaves from C1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate: int = Field(default=22050, gt=0, description="Rate of the waveforms in hertz")
    seconds: float = Field(default=5.0, gt=0, description="Length of the waveforms in seconds")
    hop: int = Field(default=512, gt=0, description="Step between frames in samples")
    f_min: float = Field(default=C1_HZ, gt=0, description="Lowest frequency in hertz")
    n_bins: int = Field(default=84, gt=0, description="Number of frequencies")
    bins_per_octave: int = Field(default=12, gt=0, description="Frequencies in an octave")
    scale: Literal["magnitude", "db"] = Field(default="db", description="Unit of the values")
    top_db: float | None = Field(
        default=80.0, gt=0, description="db: range below the loudest point"
    )
    layout: Layout = Field(default="frequency_first", description="Order of the axes")

    @model_validator(mode="after")
    def _below_half_the_rate(self) -> CqtParameters:
        highest = self.f_min * 2 ** ((self.n_bins - 1) / self.bins_per_octave)
        if highest >= self.sample_rate / 2:
            raise ValueError(
                f"n_bins {self.n_bins}: the highest frequency would be {highest:.0f} Hz; expected "
                f"less than half the rate, {self.sample_rate / 2:.0f} Hz"
            )
        return self


class Cqt:
    """Constant-Q transform (Schörkhuber and Klapuri 2010), magnitudes, as `librosa.cqt`.

    Several times slower than the others; decibels are relative to the clip's own maximum.
    """

    name: ClassVar[str] = "cqt"
    version: ClassVar[int] = 1
    Parameters: ClassVar[type[BaseModel]] = CqtParameters

    def __init__(self, params: CqtParameters | None = None) -> None:
        """Prepare the transform.

        Args:
            params: parameters; the defaults where None.
        """
        self.params = params or CqtParameters()

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
        """(n_bins, frames), or the other way round where the layout is time first."""
        shape = (frame_count(self.input_samples, self.params.hop), self.params.n_bins)
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
        import librosa

        checked = check_waveforms(self.name, waveforms, self.input_samples, self.sample_rate)
        params = self.params
        result = np.empty((len(checked), *self.output_shape), dtype=np.float32)
        for row, waveform in zip(result, checked, strict=True):
            magnitude = np.abs(
                librosa.cqt(
                    waveform,
                    sr=params.sample_rate,
                    hop_length=params.hop,
                    fmin=params.f_min,
                    n_bins=params.n_bins,
                    bins_per_octave=params.bins_per_octave,
                    tuning=0.0,
                    dtype=np.complex64,
                )
            )
            values = self._scaled(magnitude[None].astype(np.float32))[0]
            row[:] = values.T if params.layout == "time_first" else values
        return result

    def to_image(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Picture of one array in decibels: uint8 [n_bins, frames], row 0 = low frequency."""
        draw = to_picture if self.params.scale == "db" else linear_to_picture
        return draw(array, self.params.layout)

    def _scaled(self, magnitude: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.params.scale == "magnitude":
            return magnitude
        return to_decibels(np.square(magnitude), relative=True, top_db=self.params.top_db)
