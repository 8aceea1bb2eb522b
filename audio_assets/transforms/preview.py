"""A picture of a time-frequency array: what a person sees of a model's input."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Layout = Literal["time_first", "frequency_first"]
RANGE_DB = 80.0


def to_picture(array: NDArray[Any], layout: Layout) -> NDArray[np.uint8]:
    """Stretch an array to grey levels.

    Args:
        array: float32 [time, frequency] or [frequency, time]; logarithmic or normalised values.
        layout: which of the two.

    Returns:
        uint8 [frequency, time], row 0 = lowest frequency, 255 = loudest; black where the array is
        constant.
    """
    rows = np.asarray(array, dtype=np.float32)
    rows = rows.T if layout == "time_first" else rows
    low, high = float(rows.min()), float(rows.max())
    if high <= low:
        return np.zeros(rows.shape, dtype=np.uint8)
    return ((rows - low) / (high - low) * 255).astype(np.uint8)


def linear_to_picture(
    array: NDArray[Any], layout: Layout, *, power: bool = False
) -> NDArray[np.uint8]:
    """Picture of magnitudes or powers: in decibels, the loudest 80 of them.

    Args:
        array: non-negative float32 [time, frequency] or [frequency, time].
        layout: which of the two.
        power: values are powers, not magnitudes.

    Returns:
        As `to_picture`.
    """
    values = np.asarray(array, dtype=np.float32)
    peak = float(values.max())
    if peak <= 0:
        return to_picture(np.zeros_like(values), layout)
    factor = 10.0 if power else 20.0
    decibels = factor * np.log10(np.maximum(values / peak, 10 ** (-RANGE_DB / factor)))
    return to_picture(decibels, layout)
