"""The `logmel` transform: mel spectrograms by librosa's and torchaudio's definitions."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from audio_assets.transforms.decibels import to_decibels
from audio_assets.transforms.mel_filters import htk_mel_filters, mel_filters
from audio_assets.transforms.preview import Layout, linear_to_picture, to_picture
from audio_assets.transforms.spectrum import Padding, frame_count, power_spectrum
from audio_assets.transforms.waveform_batch import SLICE, check_waveforms


class LogMelParameters(BaseModel):
    """Parameters of `LogMel`; the defaults are librosa's."""

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
    n_mels: int = Field(default=128, gt=0, description="Number of mel bands")
    f_min: float = Field(default=0.0, ge=0, description="Lowest frequency in hertz")
    f_max: float | None = Field(default=None, gt=0, description="Highest frequency; half the rate")
    mel: Literal["slaney", "htk"] = Field(
        default="slaney",
        description="Slaney's scale with filters of equal area, or HTK's of height 1",
    )
    padding: Padding = Field(
        default="constant", description="Beyond the ends: zeros or the mirror image"
    )
    scale: Literal["power", "log", "db"] = Field(default="db", description="log is natural")
    epsilon: float = Field(default=1e-10, gt=0, description="log: added; db: smallest power")
    top_db: float | None = Field(
        default=80.0, gt=0, description="db: range below the loudest point"
    )
    relative: bool = Field(default=True, description="db: relative to the clip's own maximum")
    normalisation: Literal["none", "clip"] | tuple[float, float] = Field(
        default="none",
        description="clip: each array to mean 0 and (unbiased) std 1; or a fixed (mean, std)",
    )
    frames: int | None = Field(
        default=None,
        gt=0,
        description="Frames of the result: padded with zeros or cut, after all else",
    )
    layout: Layout = Field(default="frequency_first", description="Order of the axes")

    @model_validator(mode="after")
    def _possible(self) -> LogMelParameters:
        if (self.window or self.n_fft) > self.n_fft:
            raise ValueError(f"window {self.window} is longer than n_fft {self.n_fft}")
        highest = self.f_max or self.sample_rate / 2
        if not self.f_min < highest <= self.sample_rate / 2:
            raise ValueError(
                f"f_min {self.f_min} and f_max {highest} are no band below half the rate, "
                f"{self.sample_rate / 2}"
            )
        return self


class LogMel:
    """Mel power spectrogram of centred frames with a Hann window, scaled and normalised."""

    name: ClassVar[str] = "logmel"
    version: ClassVar[int] = 1
    Parameters: ClassVar[type[BaseModel]] = LogMelParameters

    def __init__(self, params: LogMelParameters | None = None) -> None:
        """Prepare the transform.

        Args:
            params: parameters; the defaults where None.
        """
        self.params = params or LogMelParameters()

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms in hertz."""
        return self.params.sample_rate

    @property
    def input_samples(self) -> int:
        """Length of a waveform in samples."""
        return round(self.params.seconds * self.params.sample_rate)

    @property
    def valid_rows(self) -> int:
        """Frames of the result that are sound, not padding."""
        own = frame_count(self.input_samples, self.params.hop)
        return own if self.params.frames is None else min(own, self.params.frames)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(mel bands, frames), or (frames, mel bands) where the layout is time first."""
        frames = self.params.frames or self.valid_rows
        shape = (frames, self.params.n_mels)
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
        frames = self.params.frames or self.valid_rows
        result = np.zeros((len(checked), frames, self.params.n_mels), dtype=np.float32)
        for start in range(0, len(checked), SLICE):
            part = slice(start, start + SLICE)
            values = self._normalise(self.scaled(checked[part]))[:, :frames]
            result[part, : values.shape[1]] = values
        ordered = result if self.params.layout == "time_first" else result.transpose(0, 2, 1)
        return np.ascontiguousarray(ordered)

    def to_image(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Picture of one array: uint8 [mel bands, frames], row 0 = low frequency."""
        if self.params.scale == "power" and self.params.normalisation == "none":
            return linear_to_picture(array, self.params.layout, power=True)
        return to_picture(array, self.params.layout)

    def scaled(self, waveforms: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the mel spectrogram on its scale, all frames, not normalised.

        Args:
            waveforms: float32 [B, input_samples].

        Returns:
            float32 [B, frames, mel bands].
        """
        params = self.params
        power = power_spectrum(
            waveforms, params.n_fft, params.window or params.n_fft, params.hop, params.padding
        )
        mels = power @ self._filters.T
        if params.scale == "db":
            return to_decibels(
                mels, relative=params.relative, top_db=params.top_db, floor=params.epsilon
            )
        return np.log(mels + np.float32(params.epsilon)) if params.scale == "log" else mels

    def _normalise(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        chosen = self.params.normalisation
        if chosen == "none":
            return values
        if chosen == "clip":
            mean = values.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
            std = values.std(axis=(1, 2), keepdims=True, dtype=np.float64, ddof=1)
            return ((values - mean) / (std + 1e-8)).astype(np.float32)
        mean, std = chosen
        return (values - np.float32(mean)) / np.float32(std)

    @cached_property
    def _filters(self) -> NDArray[np.float32]:
        params = self.params
        f_max = params.sample_rate / 2 if params.f_max is None else params.f_max
        make = mel_filters if params.mel == "slaney" else htk_mel_filters
        return make(params.sample_rate, params.n_fft, params.n_mels, params.f_min, f_max)
