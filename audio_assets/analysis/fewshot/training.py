"""Training a linear probe: balanced logistic regression, in a fraction of a second."""

from __future__ import annotations

import numpy as np

from audio_assets.errors import UsageError
from audio_assets.models.linear_probe.head import LinearHead

STRENGTH = 1.0
"""Inverse of the L2 penalty. On ESC-10 with ten labels of each kind, 0.01 to 1 are equally good and
10 and more are worse (`benchmarks/few_shot.py`)."""

MOST_STEPS = 1000


def train_head(
    centred: np.ndarray, center: np.ndarray, positives: np.ndarray, negatives: np.ndarray
) -> LinearHead:
    """Train the head of one class.

    Args:
        centred: float32 [N, dim], as `models.linear_probe.head.directions` makes them.
        center: float32 [dim] that they were made with.
        positives: rows of the class, int [P].
        negatives: rows that are not, int [M].

    Returns:
        A head of one class; equal inputs give an equal head.

    Raises:
        UsageError: one of the two is empty.
    """
    if not len(positives) or not len(negatives):
        lacking = "that are it" if not len(positives) else "that are not"
        raise UsageError(f"Mark at least one window {lacking}; there is none yet.")
    rows = np.concatenate([positives, negatives])
    wanted = np.concatenate([np.ones(len(positives), int), np.zeros(len(negatives), int)])
    weight, bias = fit(centred[rows], wanted)
    return LinearHead(weight[None].astype(np.float32), np.array([bias], np.float32), center)


def fit(rows: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit a class-balanced logistic regression.

    Args:
        rows: float [n, dim].
        wanted: 0 or 1, int [n]; both occur.

    Returns:
        float64 [dim] and the bias.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=MOST_STEPS)
    model.fit(np.asarray(rows, np.float64), wanted)
    return np.asarray(model.coef_)[0], float(np.asarray(model.intercept_)[0])
