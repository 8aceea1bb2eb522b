"""Which numbers can be samples of sound."""

from __future__ import annotations

import numpy as np

LOUDEST = 1e10
"""Full scale is 1, and pascals or converter counts stay far below this. Beyond 1e15 the power of a
spectrum is no longer a float32, and every picture and vector of it would be nonsense."""


def not_sound(block: np.ndarray, first: int, rate: float) -> str | None:
    """Why samples cannot be sound, and where the first of them is; None when they can.

    Args:
        block: float32 [n] or [n, channels].
        first: frame at which it begins.
        rate: frames per second.
    """
    values = block.reshape(len(block), -1)
    with np.errstate(invalid="ignore"):
        good = (np.abs(values) <= LOUDEST).all(axis=1)
    if good.all():
        return None
    bad = int(np.argmin(good))
    at = f"first at {(first + bad) / rate:.3f} s"
    if not np.isfinite(values[bad]).all():
        return f"contains NaN or infinite samples ({at})"
    return (
        f"contains samples of up to {np.abs(values[bad]).max():.0e} times full scale, which is no "
        f"sound ({at})"
    )
