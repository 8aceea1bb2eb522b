"""The `iq_constellation` transform: where in the complex plane the samples of a window are."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from audio_assets.transforms.iq_carrier import without_carrier
from audio_assets.transforms.iq_parameters import IqParameters, IqPicture, check_iq

BRIGHT = 0.99
"""Share of the pixels with samples that are darker than white."""


class IqConstellationParameters(IqParameters):
    """Parameters of `IqConstellation`."""

    extent: float = Field(
        default=2.0, gt=0, description="Half the width of the plane, in root mean squares"
    )
    normalisation: Literal["power", "carrier"] = Field(
        default="carrier",
        description="power: divide by the root mean square; carrier: also take away the carrier "
        "that the samples' powers 2, 4 or 1 show, without knowing a symbol rate",
    )
    gamma: float = Field(default=0.5, gt=0, description="Exponent of the density for the picture")


class IqConstellation(IqPicture):
    """Density of samples over the complex plane: columns are I, rows are Q, row 0 = lowest Q."""

    name: ClassVar[str] = "iq_constellation"
    version: ClassVar[int] = 1
    Parameters: ClassVar[type[BaseModel]] = IqConstellationParameters

    def __init__(self, params: IqConstellationParameters | None = None) -> None:
        """Prepare the transform.

        Args:
            params: parameters; the defaults where None.
        """
        super().__init__(params or IqConstellationParameters())
        self.params: IqConstellationParameters

    def __call__(self, samples: NDArray[Any]) -> NDArray[np.uint8]:
        """Transform a batch.

        Args:
            samples: complex [B, T] or [B, C, T], of any T >= 1; channels are laid over each other.

        Returns:
            uint8 [B, height, width].

        Raises:
            EncodingError: when the shape is wrong or a sample is not finite.
        """
        checked = check_iq(self.name, samples)
        pictures = np.empty((len(checked), *self.output_shape), np.uint8)
        for picture, window in zip(pictures, checked, strict=True):
            counts = sum(self.density(channel) for channel in window)
            share = np.minimum(1.0, counts / self._bright(np.asarray(counts)))
            picture[:] = (255 * share**self.params.gamma).astype(np.uint8)
        return pictures

    @staticmethod
    def _bright(counts: NDArray[np.float64]) -> float:
        """The count that is drawn white: pauses put half of all samples into one pixel."""
        taken = counts[counts > 0]
        return max(1.0, float(np.quantile(taken, BRIGHT))) if len(taken) else 1.0

    def density(self, samples: NDArray[np.complex64]) -> NDArray[np.float64]:
        """Counts over the plane; samples outside it are left out.

        Args:
            samples: complex64 [T].

        Returns:
            float64 [height, width], row 0 = lowest Q.
        """
        size = float(np.sqrt(np.mean(np.square(np.abs(samples.astype(np.complex128))))))
        points = samples / size if size > 0 else samples
        if self.params.normalisation == "carrier" and size > 0:
            points = without_carrier(points)
        edge = self.params.extent
        grid, _, _ = np.histogram2d(
            points.imag, points.real, bins=self.output_shape, range=[[-edge, edge], [-edge, edge]]
        )
        return grid
