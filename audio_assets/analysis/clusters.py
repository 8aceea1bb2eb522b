"""The clusters asset's table: clusters of all windows of a folder, exemplars, outlier scores."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.analysis.clustering.exemplars import exemplar_ranks
from audio_assets.analysis.clustering.measures import internal_quality
from audio_assets.analysis.clustering.methods import cluster_vectors
from audio_assets.analysis.clustering.outliers import outlier_scores
from audio_assets.analysis.clustering.parameters import ClusterParameters
from audio_assets.analysis.projection import parameters_metadata
from audio_assets.encoding.embeddings_file import vectors_of
from audio_assets.schemas import CLUSTERS

QUALITY_KEY = b"quality"

__all__ = ["ClusterParameters", "cluster_windows", "quality_of", "ranks_column"]


def cluster_windows(table: pa.Table, params: ClusterParameters | None = None) -> pa.Table:
    """Cluster every window; the UMAP is not the map's (more dimensions, min_dist 0).

    Args:
        table: embeddings, `schemas.embeddings_schema`.
        params: the defaults when None.

    Returns:
        Table of the CLUSTERS schema in the order of `table`; clusters are numbered by size, the
        largest 0, and -1 is noise. Schema metadata: `parameters` as `projection.parameters_of`
        reads them, and `quality` for `quality_of`.
    """
    params = params or ClusterParameters()
    vectors = vectors_of(table)
    found = cluster_vectors(vectors, params)
    quality = json.dumps(internal_quality(found, vectors), sort_keys=True)
    metadata = {**parameters_metadata(params, found.used), QUALITY_KEY: quality.encode()}
    return pa.Table.from_arrays(
        [
            table["window_id"].combine_chunks(),
            pa.array(found.labels, pa.int32()),
            pa.array(found.probabilities, pa.float32()),
            pa.array(outlier_scores(vectors), pa.float32()),
            ranks_column(exemplar_ranks(found.space, found.labels)),
        ],
        schema=CLUSTERS.with_metadata(metadata),
    )


def quality_of(clusters: pa.Table) -> dict[str, Any]:
    """What `internal_quality` found for a clusters table; {} when unknown."""
    text = (clusters.schema.metadata or {}).get(QUALITY_KEY)
    return json.loads(text) if text else {}


def ranks_column(ranks: np.ndarray) -> pa.Array:
    """Exemplar ranks with null for windows that are none; int32 [N]."""
    return pa.array(ranks, pa.int32(), mask=ranks < 0)
