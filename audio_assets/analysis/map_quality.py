"""How faithful a map is to the vectors: trustworthiness and neighbours kept, on a seeded sample."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audio_assets.analysis.nearest_fitted import fitted_rows
from audio_assets.analysis.neighbours import top_k, unit_rows
from audio_assets.encoding.embeddings_file import vectors_at

SAMPLE, NEIGHBOURS = 3000, 15


def map_quality(
    embeddings: pa.Table, layout: np.ndarray, *, seed: int, sample: int = SAMPLE
) -> dict[str, float | int]:
    """Compare neighbourhoods of the map with those of the vectors.

    Args:
        embeddings: `schemas.embeddings_schema`, [N].
        layout: float [N, 2 or 3], in that order.
        seed: of the sample.
        sample: windows looked at; neighbours are sought among them.

    Returns:
        trustworthiness (Venna and Kaski 2001; 0 to 1, 0.5 by chance), neighbours_kept (share of
        the nearest by cosine that are among the nearest on the map), neighbours and sample; {} with
        too few windows.
    """
    rows = fitted_rows(embeddings.num_rows, sample, seed)
    k = min(NEIGHBOURS, (2 * len(rows) - 2) // 3 - 1, len(rows) // 2 - 1)
    if k < 1:
        return {}
    units = unit_rows(vectors_at(embeddings, rows))
    likeness = units @ units.T
    np.fill_diagonal(likeness, -np.inf)
    near = top_k(likeness, k)
    points = np.asarray(layout, np.float64)[rows]
    square = (points**2).sum(axis=1)
    apart = square[:, None] + square[None, :] - 2.0 * points @ points.T
    np.fill_diagonal(apart, np.inf)
    shown = top_k((-apart).astype(np.float32), k)
    common = (shown[:, :, None] == near[:, None, :]).any(axis=2)
    return {
        "trustworthiness": round(_trustworthiness(likeness, shown, k), 4),
        "neighbours_kept": round(float(common.mean()), 4),
        "neighbours": k,
        "sample": len(rows),
    }


def _trustworthiness(likeness: np.ndarray, shown: np.ndarray, k: int) -> float:
    """1 less the penalty of every neighbour on the map for its rank beyond k among the vectors."""
    count = len(likeness)
    penalty = 0
    for columns in shown.T:
        value = np.take_along_axis(likeness, columns[:, None], axis=1)
        rank = 1 + (likeness > value).sum(axis=1)
        penalty += int(np.maximum(rank - k, 0).sum())
    return 1.0 - penalty * 2.0 / (count * k * (2 * count - 3 * k - 1))
