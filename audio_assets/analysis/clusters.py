"""Clusters of windows: UMAP to a few dimensions, then HDBSCAN (Campello et al. 2013)."""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from audio_assets.analysis.projection import parameters_metadata
from audio_assets.analysis.umap_layout import SMALLEST, umap_layout
from audio_assets.encoding.embeddings_file import vectors_of
from audio_assets.schemas import CLUSTERS
from audio_assets.settings import Settings


class ClusterParameters(BaseModel):
    """Parameters of the clustering; its UMAP is not the map's (more dimensions, min_dist 0)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimensions: Annotated[int, Field(ge=2, le=64)] = 5
    n_neighbors: Annotated[int, Field(ge=2)] = 15
    min_cluster_size: Annotated[int, Field(ge=2)] = 10
    seed: int = 51

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The fields that are settings."""
        return cls(
            dimensions=settings.cluster_dimensions,
            n_neighbors=settings.umap_n_neighbors,
            min_cluster_size=settings.cluster_min_size,
            seed=settings.seed,
        )


def cluster_windows(table: pa.Table, params: ClusterParameters | None = None) -> pa.Table:
    """Cluster every window.

    Clusters are numbered by size, the largest 0 (equal sizes by their first window), so that the
    numbers mean something and stay put; -1 is noise.

    Args:
        table: embeddings, `schemas.embeddings_schema`.
        params: the defaults when None.

    Returns:
        Table of the CLUSTERS schema in the order of `table`; schema metadata `parameters` as
        `projection.parameters_of` reads them. Fewer than four windows are all noise; the smallest
        cluster is at most half of the windows, and the layout has at most N - 2 dimensions.
    """
    params = params or ClusterParameters()
    vectors = vectors_of(table)
    count = len(vectors)
    if count < SMALLEST:
        nothing = np.full(count, -1, np.int32), np.zeros(count, np.float32)
        return _table(table, *nothing, params, {"method": "none: fewer than 4 windows"})
    from sklearn.cluster import HDBSCAN

    layout, used = umap_layout(
        vectors,
        dimensions=min(params.dimensions, count - 2),
        n_neighbors=params.n_neighbors,
        min_dist=0.0,
        seed=params.seed,
    )
    size = max(2, min(params.min_cluster_size, count // 2))
    model = HDBSCAN(min_cluster_size=size, n_jobs=1, copy=True)  # pyright: ignore[reportArgumentType]
    model = model.fit(layout)
    labels = _by_size(model.labels_)
    probabilities = np.nan_to_num(np.asarray(model.probabilities_, np.float32))
    used = {"layout": used, "method": "hdbscan", "min_cluster_size": size}
    return _table(table, labels, probabilities, params, used)


def _by_size(labels: np.ndarray) -> np.ndarray:
    """Renumber clusters by descending size, then by first appearance; int32 [N], -1 stays."""
    names, first, sizes = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    numbers = np.full(len(names) + 1, -1, np.int32)
    numbers[names[np.lexsort((first, -sizes))]] = np.arange(len(names))
    return numbers[labels]


def _table(
    table: pa.Table,
    labels: np.ndarray,
    probabilities: np.ndarray,
    params: ClusterParameters,
    used: dict[str, object],
) -> pa.Table:
    schema = CLUSTERS.with_metadata(parameters_metadata(params, used))
    columns = [pa.array(labels, pa.int32()), pa.array(probabilities, pa.float32())]
    return pa.Table.from_arrays([table["window_id"].combine_chunks(), *columns], schema=schema)
