"""In which order windows are shown for review."""

from __future__ import annotations

from typing import Literal

import numpy as np

Order = Literal["uncertain", "best"]


def review_order(scores: np.ndarray, known: np.ndarray, order: Order) -> np.ndarray:
    """Rows that nobody has judged, in the order of review.

    Args:
        scores: float [N], 0 to 1.
        known: bool [N], windows that are judged already.
        order: "uncertain" shows those nearest to the border first (smallest margin), "best" those
            of the highest score.

    Returns:
        int64 [N - known]; equal ones in the order of their rows.
    """
    rows = np.flatnonzero(~known)
    key = np.abs(scores[rows] - 0.5) if order == "uncertain" else -scores[rows]
    return rows[np.argsort(key, kind="stable")]
