"""How far two spaces agree about the neighbours of each window."""

from __future__ import annotations

import numpy as np

from audio_assets.analysis.neighbours import neighbour_blocks, unit_rows


def nearest_columns(vectors: np.ndarray, k: int) -> np.ndarray:
    """The k nearest rows of each row by cosine, itself left out.

    Args:
        vectors: float [N, D].
        k: neighbours; fewer where there are fewer rows.

    Returns:
        int64 [N, k'].
    """
    units = unit_rows(vectors)
    blocks = [c for _, c, _ in neighbour_blocks(units, units, k, np.arange(len(units)))]
    return np.concatenate(blocks) if blocks else np.empty((0, 0), np.int64)


def shared_neighbours(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Share of each row's neighbours that it has in both spaces.

    Args:
        first: int [N, k], distinct in each row.
        second: int [N, k], of the same rows in another space.

    Returns:
        float32 [N], 0 to 1; NaN where k is 0.

    Raises:
        ValueError: the shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"neighbours [N, k] of shapes {first.shape} and {second.shape}")
    count, k = first.shape
    if not k:
        return np.full(count, np.nan, np.float32)
    # a neighbour of another row is another number, so that one sort finds all pairs
    step = int(max(first.max(initial=0), second.max(initial=0))) + 1
    rows = np.arange(count, dtype=np.int64)[:, None] * step
    common = np.intersect1d((first + rows).ravel(), (second + rows).ravel(), assume_unique=True)
    return (np.bincount(common // step, minlength=count) / k).astype(np.float32)
