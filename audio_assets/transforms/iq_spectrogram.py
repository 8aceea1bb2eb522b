"""The `iq_spectrogram` transform: the waterfall of IQ samples as a grey picture."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, Field

from audio_assets.transforms.iq_parameters import IqParameters, IqPicture, check_iq
from audio_assets.transforms.iq_power import averaged, decibels, fft_length, power_frames


class IqSpectrogramParameters(IqParameters):
    """Parameters of `IqSpectrogram`."""

    n_fft: int | None = Field(
        default=None, ge=8, multiple_of=2,
        description="Length of the Fourier transform; 256, fewer for short windows, where None",
    )  # fmt: skip
    top_db: float = Field(
        default=60.0, gt=0, description="Dynamic range below the strongest point in decibels"
    )
    remove_dc: bool = Field(
        default=False, description="Take away the mean: the spike of receivers at their own centre"
    )


class IqSpectrogram(IqPicture):
    """Two-sided power spectrogram in dB below its maximum, stretched to 0..255.

    Row 0 is the lowest frequency (-rate/2), 0 Hz in the middle, columns are time. The level is
    lost, as maximum and minimum are the window's own; the noise of neighbouring frames is averaged
    where a window has more frames than the picture has columns.
    """

    name: ClassVar[str] = "iq_spectrogram"
    version: ClassVar[int] = 1
    Parameters: ClassVar[type[BaseModel]] = IqSpectrogramParameters

    def __init__(self, params: IqSpectrogramParameters | None = None) -> None:
        """Prepare the transform.

        Args:
            params: parameters; the defaults where None.
        """
        super().__init__(params or IqSpectrogramParameters())
        self.params: IqSpectrogramParameters

    def __call__(self, samples: NDArray[Any]) -> NDArray[np.uint8]:
        """Transform a batch.

        Args:
            samples: complex [B, T] or [B, C, T], of any T >= 1.

        Returns:
            uint8 [B, height, width].

        Raises:
            EncodingError: when the shape is wrong or a sample is not finite.
        """
        checked = check_iq(self.name, samples)
        pictures = np.empty((len(checked), *self.output_shape), np.uint8)
        for picture, window in zip(pictures, checked, strict=True):
            picture[:] = self._picture(self.decibels(window))
        return pictures

    def decibels(self, window: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Power in dB (0 is a full-scale sinusoid), not yet cut off or stretched.

        Args:
            window: complex64 [C, T].

        Returns:
            float32 [n_fft, at most `width` frames], row 0 = -rate/2.
        """
        if self.params.remove_dc:
            window = window - window.mean(axis=1, keepdims=True)
        n_fft = self.params.n_fft or fft_length(window.shape[1])
        return decibels(averaged(power_frames(window, n_fft), self.params.width)).T

    def _picture(self, levels: NDArray[np.float32]) -> NDArray[np.uint8]:
        low = max(float(levels.min()), float(levels.max()) - self.params.top_db)
        span = float(levels.max()) - low
        if span <= 0:
            return np.zeros(self.output_shape, np.uint8)
        grey = ((np.maximum(levels, low) - low) / span * 255).astype(np.uint8)
        size = (self.params.width, self.params.height)
        return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))
