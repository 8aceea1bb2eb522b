"""The clusters asset's table: clusters of all windows of a folder, exemplars, outlier scores."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.analysis.clustering.exemplars import exemplar_ranks
from audio_assets.analysis.clustering.joined import Assigned, join
from audio_assets.analysis.clustering.measures import internal_quality
from audio_assets.analysis.clustering.methods import AGGLOMERATIVE_WINDOWS, cluster_vectors
from audio_assets.analysis.clustering.outliers import outlier_scores, raw_scores
from audio_assets.analysis.clustering.parameters import ClusterParameters
from audio_assets.analysis.nearest_fitted import fitted_rows
from audio_assets.analysis.neighbours import unit_rows
from audio_assets.analysis.projection import parameters_metadata
from audio_assets.encoding.embeddings_file import vectors_at
from audio_assets.schemas import CLUSTERS

QUALITY_KEY = b"quality"
SAMPLE = 50_000

__all__ = ["ClusterParameters", "cluster_windows", "quality_of", "ranks_column"]


def cluster_windows(
    table: pa.Table, params: ClusterParameters | None = None, sample: int = SAMPLE
) -> pa.Table:
    """Cluster every window; the UMAP is not the map's (more dimensions, min_dist 0).

    Args:
        table: embeddings, `schemas.embeddings_schema`.
        params: the defaults when None.
        sample: windows that are clustered (agglomerative: at most 20,000); of more, a seeded
            sample is, and the others join its clusters (`clustering.joined`).

    Returns:
        Table of the CLUSTERS schema in the order of `table`; clusters are numbered by size, the
        largest 0, and -1 is noise. Exemplars are windows that were clustered. Schema metadata:
        `parameters` as `projection.parameters_of` reads them (`fitted`: how many windows were
        clustered), and `quality` of those for `quality_of`.
    """
    params = params or ClusterParameters()
    most = min(sample, AGGLOMERATIVE_WINDOWS) if params.method == "agglomerative" else sample
    rows = fitted_rows(table.num_rows, most, params.seed)
    vectors = vectors_at(table, rows)
    found = cluster_vectors(vectors, params)
    ranks = np.full(table.num_rows, -1, np.int32)
    ranks[rows] = exemplar_ranks(found.space, found.labels)
    if len(rows) == table.num_rows:
        all_of_it = Assigned(found.labels, found.probabilities, outlier_scores(vectors))
    else:
        all_of_it = join(table, rows, unit_rows(vectors), found, *raw_scores(vectors))
    used = {**found.used, "fitted": len(rows)}
    quality = json.dumps(internal_quality(found, vectors), sort_keys=True)
    metadata = {**parameters_metadata(params, used), QUALITY_KEY: quality.encode()}
    return pa.Table.from_arrays(
        [
            table["window_id"].combine_chunks(),
            pa.array(all_of_it.labels, pa.int32()),
            pa.array(all_of_it.probabilities, pa.float32()),
            pa.array(all_of_it.outliers, pa.float32()),
            ranks_column(ranks),
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
