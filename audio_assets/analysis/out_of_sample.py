"""Maps of more windows than are fitted: a seeded sample is laid out, the rest is placed among it.

A window that was not fitted goes to the mean of its nearest fitted windows' places, weighted by
how near they are on the scale of its own neighbourhood: where UMAP's `transform` begins
(arXiv:1802.03426, section 4), without the gradient steps that follow there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from audio_assets.analysis.nearest_fitted import (
    NearestFitted,
    fitted_rows,
    nearness,
    unit_blocks,
)
from audio_assets.analysis.neighbours import unit_rows
from audio_assets.encoding.embeddings_file import vectors_at, vectors_of

NEIGHBOURS = 15
Layout = Callable[[np.ndarray], np.ndarray]


def lay_out(table: pa.Table, most: int, seed: int, fit: Layout) -> tuple[np.ndarray, int]:
    """Fit a layout to a sample of the windows and place the others among them.

    Args:
        table: embeddings, `schemas.embeddings_schema`.
        most: windows that are fitted.
        seed: of the sample.
        fit: float32 [n, dim] → float32 [n, 2 or 3].

    Returns:
        (layout float32 [N, 2 or 3] in the order of `table`, how many windows were fitted).
    """
    rows = fitted_rows(table.num_rows, most, seed)
    if len(rows) == table.num_rows:
        return fit(vectors_of(table)), len(rows)
    vectors = vectors_at(table, rows)
    fitted = fit(vectors)
    near = NearestFitted(unit_rows(vectors))
    out = np.empty((table.num_rows, fitted.shape[1]), np.float32)
    for place, units in unit_blocks(table, vectors.shape[1]):
        for part, nearest, distance in near.blocks(units, NEIGHBOURS):
            out[place][part] = np.einsum("nk,nkd->nd", nearness(distance), fitted[nearest])
    out[rows] = fitted
    return out, len(rows)
