"""Views of a data set by place and by likeness, from code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import numpy as np
from fiftyone import ViewField as F

from audio_assets.bounding_box import BoundingBox
from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.explore.ledger import load_ledger
from audio_assets.explore.map.regions import box_query, lasso_query


@dataclass(frozen=True)
class Match:
    """One neighbour; the score is the cosine, 1 for the same direction."""

    window_id: str
    sample_id: str
    score: float


def in_box(
    samples: fo.Dataset | fo.DatasetView, south: float, west: float, north: float, east: float
) -> fo.DatasetView:
    """Samples inside a `BoundingBox`: those that the map, the API and the exports find in it.

    Raises:
        UsageError: when the box is not one.
    """
    query = box_query(BoundingBox(west, south, east, north))
    if samples.get_field("location") is None:
        raise UsageError(f"{samples.name!r} has no coordinates.")
    return samples.match(query)


def in_lasso(
    samples: fo.Dataset | fo.DatasetView, corners: Sequence[Sequence[float]]
) -> fo.DatasetView:
    """Samples inside a polygon of (longitude, latitude) whose edges are straight on the map.

    Raises:
        UsageError: when it is no polygon, or the samples have no coordinates.
    """
    query = lasso_query(corners)
    if samples.get_field("location") is None:
        raise UsageError(f"{samples.name!r} has no coordinates.")
    return samples.match(query)


def find_similar(
    samples: fo.Dataset | fo.DatasetView,
    query: str | np.ndarray,
    *,
    checkpoint: str | None = None,
    k: int = 20,
) -> list[Match]:
    """The windows of `samples` most like a window or a vector, best first.

    Args:
        samples: a data set of this package or a view of it; only its samples are found.
        query: a window id (not found itself) or a vector [D] of the checkpoint.
        checkpoint: whose vectors; the first of the data set by default.
        k: how many.

    Raises:
        NotMaterializedError: when the checkpoint has no similarity index here.
        UsageError: when the window does not exist, has no vector, or the vector's length is wrong.
    """
    dataset = samples._root_dataset
    ledger = load_ledger(dataset)
    entry = ledger.find(checkpoint) if ledger else None
    key = entry.runs.get("sim") if entry else None
    if entry is None or key is None:
        raise NotMaterializedError(
            f"{dataset.name!r} has no similarity index of {checkpoint or 'any checkpoint'}. "
            f"Run `audio-assets run` with that checkpoint."
        )
    index: Any = dataset.load_brain_results(key)
    vector, own_id = _vector(dataset, entry.vector_field, query)
    if len(vector) != index.embeddings.shape[1]:
        raise UsageError(
            f"the query has {len(vector)} numbers; {entry.name} has {index.embeddings.shape[1]}."
        )
    with index.use_view(samples):
        if index.index_size == 0:
            return []
        wanted = min(k + (own_id is not None), index.index_size)
        ids, _, distances = index._kneighbors(query=vector, k=wanted, return_dists=True)
    found = [(i, d) for i, d in zip(ids, distances, strict=True) if i != own_id][:k]
    chosen = dataset.select([i for i, _ in found])
    windows = dict(zip(*chosen.values(["id", "window_id"]), strict=True))
    return [Match(windows[i], i, 1.0 - float(d)) for i, d in found]


def _vector(
    dataset: fo.Dataset, field: str, query: str | np.ndarray
) -> tuple[np.ndarray, str | None]:
    if not isinstance(query, str):
        return np.asarray(query, dtype=np.float32).ravel(), None
    ids, vectors = dataset.match(F("window_id") == query).values(["id", field])
    if not ids or vectors[0] is None:
        raise UsageError(f"{dataset.name!r} has no window {query!r} with a vector.")
    return vectors[0], ids[0]
