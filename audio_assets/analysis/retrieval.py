"""Retrieval of whole recordings, recording by recording: who is found near whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from audio_assets.analysis.neighbours import neighbour_blocks, unit_rows
from audio_assets.analysis.quality import majority_label, nearest_labels

if TYPE_CHECKING:
    import pandas as pd

VOTES = 5


@dataclass(frozen=True)
class Retrieval:
    """Neighbours of recordings that have a label.

    Attributes:
        truth: object [Q], labels of the recordings that were looked up.
        predicted: object [Q], label of most of the `VOTES` nearest.
        fold: object [Q], fold of each; None where there is none.
        precision: float [Q], share of the k nearest that carry the same label.
        attainable: float [Q], the best precision that so many recordings of a label allow.
        k: neighbours that `precision` counts, where there are as many.
        by: `fold`: neighbours are of other folds; `recording` or `window`: what was looked up is
            left out itself, and nothing else.
        unit: what was looked up: recordings, or windows where labels differ inside recordings.
        labelled: recordings or windows with a label; more than Q where only some were looked up.
    """

    truth: np.ndarray
    predicted: np.ndarray
    fold: np.ndarray
    precision: np.ndarray
    attainable: np.ndarray
    k: int
    by: Literal["fold", "recording", "window"]
    unit: Literal["recording", "window"]
    labelled: int


def recording_retrieval(
    windows: pd.DataFrame,
    vectors: np.ndarray,
    labels: Sequence[str | None],
    k: int = 20,
    most: int | None = None,
) -> Retrieval | None:
    """Look up every recording that has a label among the others.

    Windows of one recording are alike whatever the model, so they are averaged first; with two
    folds or more, a recording is compared with those of other folds only. Where people labelled
    windows so that recordings have several labels, single windows are looked up instead.

    Args:
        windows: N rows: recording_id and, where known, fold.
        vectors: float32 [N, D].
        labels: [N], None where there is none.
        k: neighbours for the precision.
        most: recordings that are looked up, at equal steps; all when None.

    Returns:
        The neighbours; None with fewer than two labelled recordings.
    """
    X, y, folds, unit = labelled_means(windows, vectors, labels)
    if len(X) < 2:
        return None
    names = sorted({f for f in folds if f is not None and f == f})  # NaN differs from itself
    asked = np.zeros(len(X), bool)
    asked[:: -(-len(X) // (most or len(X)))] = True
    if len(names) < 2:
        rows_of_parts, parts = [asked], [_look_up(X, y, asked, None, k)]
    else:
        chosen = [name for name in names if (asked & (folds == name)).any()]
        rows_of_parts = [asked & (folds == name) for name in chosen]
        parts = [
            _look_up(X, y, rows, folds != name, k)
            for rows, name in zip(rows_of_parts, chosen, strict=True)
        ]
    truth, predicted, precision, attainable = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    by = "fold" if len(names) >= 2 else unit
    fold = np.concatenate([folds[rows] for rows in rows_of_parts])
    return Retrieval(truth, predicted, fold, precision, attainable, k, by, unit, len(X))


def labelled_means(
    windows: pd.DataFrame, vectors: np.ndarray, labels: Sequence[str | None]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Literal["recording", "window"]]:
    """Mean vector, label and fold of each recording with a label.

    Returns:
        (float32 [R, D], object [R], object [R] with None or NaN where there is no fold, what they
        are of): of windows where a recording has several labels.
    """
    rows_of: dict[str, list[int]] = {}
    for row, recording in enumerate(windows["recording_id"]):
        if labels[row] is not None:
            rows_of.setdefault(recording, []).append(row)
    groups = list(rows_of.values())
    mixed = any(len({labels[row] for row in rows}) > 1 for rows in groups)
    if mixed:
        groups = [[row] for rows in groups for row in rows]
    fold = windows["fold"].tolist() if "fold" in windows else [None] * len(windows)
    means = [vectors[rows].mean(axis=0) for rows in groups]
    X = np.stack(means) if means else np.empty((0, vectors.shape[1]), np.float32)
    y = np.array([str(labels[rows[0]]) for rows in groups], dtype=object)
    folds = np.array([fold[rows[0]] for rows in groups], dtype=object)
    return X, y, folds, "window" if mixed else "recording"


def _look_up(
    X: np.ndarray, y: np.ndarray, asked: np.ndarray, among: np.ndarray | None, k: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Truth, prediction, precision and attainable precision of the recordings asked for."""
    most = max(k, VOTES)
    if among is None:
        pool, (near, scores) = y, _leave_one_out(X, y, asked, most)
    else:
        pool = y[among]
        near, scores = nearest_labels(X[asked], X[among], pool, most, centre=True)
    truth, found = y[asked], near[:, :k]
    names, counts = np.unique(pool.astype(str), return_counts=True)
    size = dict(zip(names.tolist(), counts.tolist(), strict=True))
    own = 0 if among is not None else 1
    same = np.array([size.get(name, own) - own for name in truth], float)
    width = max(1, found.shape[1])
    precision = (found == truth[:, None]).sum(axis=1) / width
    predicted = majority_label(near[:, :VOTES], scores[:, :VOTES])
    return truth, predicted, precision, np.minimum(same, width) / width


def _leave_one_out(
    X: np.ndarray, y: np.ndarray, asked: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """As `nearest_labels` among all, of the recordings asked for only."""
    units = unit_rows(X - X.mean(axis=0, dtype=np.float64))
    blocks = list(neighbour_blocks(units[asked], units, k, np.flatnonzero(asked)))
    columns = np.concatenate([found for _, found, _ in blocks])
    return y[columns], np.concatenate([scores for _, _, scores in blocks])
