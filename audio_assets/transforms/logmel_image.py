"""The `logmel_image` transform: a log-mel spectrogram as a square grey picture."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from audio_assets.errors import EncodingError
from audio_assets.transforms.mel_filters import mel_filters

FRAMES_AT_ONCE = 32
"""What is computed of so many fits a processor's caches."""


class LogmelImageParameters(BaseModel):
    """Parameters of `LogmelImage`; the defaults are those of the AudioMAE++ checkpoints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate: int = Field(default=22050, gt=0, description="Rate of the waveforms in hertz")
    seconds: float = Field(default=5.0, gt=0, description="Length of the waveforms in seconds")
    n_fft: int = Field(default=2048, gt=0, description="Length of the Fourier transform in samples")
    hop: int = Field(default=512, gt=0, description="Step between frames in samples")
    n_mels: int = Field(default=128, gt=0, description="Number of mel bands")
    f_min: float = Field(default=0.0, ge=0, description="Lowest frequency in hertz")
    f_max: float | None = Field(
        default=None, gt=0, description="Highest frequency in hertz; half the rate by default"
    )
    top_db: float = Field(
        default=80.0, gt=0, description="Dynamic range below the loudest point in decibels"
    )
    size: int = Field(default=224, gt=0, description="Height and width of the picture in pixels")


class LogmelImage:
    """Log-mel power relative to the clip's maximum, stretched to 0..255 and resized to a square.

    Hann window, centred frames with zero padding, Slaney mels (librosa's defaults); the level of
    the clip is lost, as maximum and minimum are its own. Row 0 is the lowest frequency, columns are
    time.
    """

    name: ClassVar[str] = "logmel_image"
    version: ClassVar[int] = 1
    Parameters: ClassVar[type[BaseModel]] = LogmelImageParameters

    def __init__(self, params: LogmelImageParameters | None = None) -> None:
        """Prepare the transform.

        Args:
            params: parameters; the defaults where None.
        """
        self.params = params or LogmelImageParameters()

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
        """(height, width) in pixels."""
        return self.params.size, self.params.size

    @property
    def output_dtype(self) -> np.dtype[Any]:
        """uint8."""
        return np.dtype(np.uint8)

    def parameters(self) -> dict[str, Any]:
        """Everything that can change the output, as JSON-able values."""
        return self.params.model_dump(mode="json")

    def __call__(self, waveforms: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Transform a batch.

        Args:
            waveforms: float32 [B, input_samples], full scale is 1.

        Returns:
            uint8 [B, size, size].

        Raises:
            EncodingError: when the shape is wrong or a sample is not finite.
        """
        if waveforms.ndim != 2 or waveforms.shape[1] != self.input_samples:
            raise EncodingError(
                f"{self.name} got waveforms of shape {waveforms.shape}; expected [batch, "
                f"{self.input_samples}] "
                f"({self.params.seconds} s at {self.sample_rate} Hz). Resample, then pad or cut "
                "them first."
            )
        if not np.isfinite(waveforms).all():
            raise EncodingError(
                f"{self.name} got NaN or infinite samples; replace them before encoding."
            )
        images = np.empty((len(waveforms), *self.output_shape), dtype=np.uint8)
        for image, waveform in zip(images, waveforms, strict=True):
            image[:] = self.picture(self.decibels(np.asarray(waveform, dtype=np.float32)))
        return images

    def to_image(self, array: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the array itself: it is a picture; uint8 [H, W], row 0 = low frequency."""
        return np.asarray(array, dtype=np.uint8)

    def decibels(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the log-mel spectrogram of one waveform.

        Args:
            waveform: float32 [input_samples].

        Returns:
            float32 [n_mels, frames], decibels relative to the maximum, at least ``-top_db``.
        """
        mel = self.mel_power(waveform)
        decibels = 10.0 * np.log10(mel) - 10.0 * np.log10(mel.max())
        return np.maximum(decibels, -self.params.top_db).astype(np.float32)

    def mel_power(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the mel power of one waveform.

        Args:
            waveform: float32 [input_samples].

        Returns:
            float32 [n_mels, frames], at least 1e-10.
        """
        n_fft, hop = self.params.n_fft, self.params.hop
        padded = np.pad(waveform, n_fft // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
        from scipy.fft import rfft  # takes a third of a second, and only encoding needs it

        mel = np.empty((self.params.n_mels, len(frames)), dtype=np.float32)
        for first in range(0, len(frames), FRAMES_AT_ONCE):
            some = slice(first, first + FRAMES_AT_ONCE)
            windowed = frames[some] * self._window
            spectrum: NDArray[np.complex64] = np.asarray(rfft(windowed, axis=1, overwrite_x=True))
            parts = spectrum.view(np.float32)
            np.square(parts, out=parts)
            mel[:, some] = self._sparse_filters @ (parts[:, ::2] + parts[:, 1::2]).T
        return np.maximum(1e-10, mel, out=mel)

    def picture(self, decibels: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Stretch a spectrogram to the full range of grey levels and resize it.

        Args:
            decibels: float32 [n_mels, frames].

        Returns:
            uint8 [size, size].
        """
        low = decibels.min()
        levels = ((decibels - low) / (decibels.max() - low + 1e-8) * 255).astype(np.uint8)
        size = (self.params.size, self.params.size)
        return np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BILINEAR))

    @cached_property
    def _sparse_filters(self) -> Any:
        """The filters without their zeros: quicker, and the last bits of a product depend on it
        alone, while a BLAS gives others for another number of threads.
        """
        from scipy.sparse import csr_array

        return csr_array(self._filters)

    @cached_property
    def _window(self) -> NDArray[np.float32]:
        n_fft = self.params.n_fft
        return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)

    @cached_property
    def _filters(self) -> NDArray[np.float32]:
        params = self.params
        f_max = params.sample_rate / 2 if params.f_max is None else params.f_max
        return mel_filters(params.sample_rate, params.n_fft, params.n_mels, params.f_min, f_max)
