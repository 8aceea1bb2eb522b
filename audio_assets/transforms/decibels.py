"""Decibels as librosa defines them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def to_decibels(
    power: NDArray[np.float32], *, relative: bool, top_db: float | None, floor: float = 1e-10
) -> NDArray[np.float32]:
    """Convert power (`librosa.power_to_db`), each array of a batch for itself.

    Args:
        power: non-negative float32 [B, …].
        relative: to each array's own maximum; else to 1.
        top_db: range below each array's own maximum, or None for all of it.
        floor: smallest power.

    Returns:
        float32 [B, …] in decibels.
    """
    axes = tuple(range(1, power.ndim))
    decibels = 10.0 * np.log10(np.maximum(floor, power))
    peak = decibels.max(axis=axes, keepdims=True)
    if relative:
        decibels, peak = decibels - peak, np.zeros_like(peak)
    if top_db is not None:
        decibels = np.maximum(decibels, peak - top_db)
    return decibels.astype(np.float32)
