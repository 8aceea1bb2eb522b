"""How good a linear probe is, as far as its few labels can tell."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from audio_assets.analysis.fewshot.training import fit

LEAST = 5
"""Labels of each kind below which nothing is measured."""

MOST_FOLDS = 5


@dataclass(frozen=True)
class Quality:
    """Cross-validated quality on the labelled windows.

    Attributes:
        average_precision: area under precision over recall of held-out labels; None when there are
            too few.
        chance: what guessing would give: the share of positives.
        folds: number of parts.
        note: one sentence for people: what the number is, or why there is none.
    """

    average_precision: float | None
    chance: float
    folds: int
    note: str


def cross_validated(
    rows: np.ndarray, wanted: np.ndarray, recordings: np.ndarray, seed: int = 51
) -> Quality:
    """Train on some labels and rank the others, part by part.

    Windows of one recording stay together, for neighbours in time sound alike: apart, they would
    make the number too good.

    Args:
        rows: float32 [n, dim] of the labelled windows, as for `train_head`.
        wanted: 0 or 1, int [n].
        recordings: recording of each, [n].
        seed: of the split.
    """
    positives, negatives = int(wanted.sum()), int(len(wanted) - wanted.sum())
    chance = positives / max(1, len(wanted))
    if min(positives, negatives) < LEAST:
        return Quality(
            None, chance, 0,
            f"{positives} yes and {negatives} no: too few to say how good it is. From {LEAST} of "
            "each on, it is measured.",
        )  # fmt: skip
    groups = min(len(set(recordings[wanted == kind])) for kind in (0, 1))
    if groups < 2:
        return Quality(
            None, chance, 0,
            "All the yes or all the no come from one recording, so nothing can be held out. Label "
            "windows of other recordings, too.",
        )  # fmt: skip
    folds = min(MOST_FOLDS, groups)
    held_out = _held_out_scores(rows, wanted, recordings, folds, seed)
    seen = np.isfinite(held_out)
    if not 0 < wanted[seen].sum() < seen.sum():
        return Quality(None, chance, 0, "The labels cannot be split evenly. Label a few more.")
    from sklearn.metrics import average_precision_score

    value = float(average_precision_score(wanted[seen], held_out[seen]))
    return Quality(
        value, chance, folds,
        f"Average precision {value:.2f} on your own labels, each held out once ({folds} parts; "
        f"guessing gives {chance:.2f}). On the rest it can be lower: you labelled what was shown.",
    )  # fmt: skip


def _held_out_scores(
    rows: np.ndarray, wanted: np.ndarray, recordings: np.ndarray, folds: int, seed: int
) -> np.ndarray:
    """Score of each label by the model that did not see it; NaN where none could be trained."""
    from sklearn.model_selection import StratifiedGroupKFold

    scores = np.full(len(wanted), np.nan)
    parts = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # classes smaller than folds are dealt with
        splits = list(parts.split(rows, wanted, recordings))
    for train, test in splits:
        if 0 < wanted[train].sum() < len(train):
            weight, bias = fit(rows[train], wanted[train])
            scores[test] = rows[test] @ weight + bias
    return scores
