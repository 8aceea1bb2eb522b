"""What `clusters.json` says: clusters with exemplars, noise, quality, stability, agreement."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from audio_assets.analysis.clustering.measures import (
    agreement,
    internal_quality,
    label_quality,
    noise_share,
    stability,
)
from audio_assets.analysis.clustering.methods import Clustering, cluster_vectors
from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.analysis.clustering.selection import matching_vectors
from audio_assets.embedding_sets import EmbeddingSet
from audio_assets.home import Home

if TYPE_CHECKING:
    import pandas as pd

LABELS_SHOWN = 5


def clustering_report(
    job_id: str,
    request: ClusteringRequest,
    sets: list[EmbeddingSet],
    windows: pd.DataFrame,
    vectors: np.ndarray,
    found: Clustering,
    rows: pa.Table,
) -> dict[str, Any]:
    """Everything but the agreement with another checkpoint, as plain JSON values.

    Args:
        job_id: begins the clusters' ids.
        request: what was asked for.
        sets: what was clustered.
        windows: N rows, with a column `label` where the folders have labels.
        vectors: float32 [N, D].
        found: the clusters.
        rows: `schemas.ASSIGNMENTS`, N rows.
    """
    labels = labels_of(windows)
    return {
        "used": found.used,
        "checkpoint": sets[0].checkpoint,
        "encoding_signature": sets[0].encoding_signature,
        "dim": sets[0].dim,
        "embedding_sets": [s.id for s in sets],
        "folders": sorted({s.folder for s in sets}),
        "windows": len(windows),
        "clusters": _clusters(job_id, rows, labels),
        "noise": {"size": int((found.labels < 0).sum()), "share": noise_share(found.labels)},
        "quality": internal_quality(found, vectors),
        "labels": label_quality(labels, found.labels),
        "stability": stability(vectors, request.parameters, found.labels, request.stability_seeds),
    }


def agreement_report(
    home: Home,
    request: ClusteringRequest,
    sets: list[EmbeddingSet],
    windows: pd.DataFrame,
    found: Clustering,
) -> dict[str, Any] | None:
    """How far the clusters agree with those of another checkpoint's vectors; None if not asked.

    Returns:
        `checkpoint`, `windows` (that both have), `clusters` and `noise` of the other, `ari`,
        `nmi`; and `labels`, the other's agreement with the labels.
    """
    if request.agree_with is None:
        return None
    rows, vectors = matching_vectors(home, sets, windows, request.agree_with)
    other = cluster_vectors(vectors, request.parameters).labels
    labels = labels_of(windows)
    return {
        "checkpoint": request.agree_with,
        "windows": len(rows),
        "clusters": int(other.max(initial=-1)) + 1,
        "noise": noise_share(other),
        **agreement(found.labels[rows], other),
        "labels": label_quality([labels[row] for row in rows], other),
    }


def labels_of(windows: pd.DataFrame) -> list[str | None]:
    """The label of each window, None where there is none."""
    if "label" not in windows:
        return [None] * len(windows)
    return [v if isinstance(v, str) else None for v in windows["label"]]


def _clusters(job_id: str, rows: pa.Table, labels: list[str | None]) -> list[dict[str, Any]]:
    """One entry per cluster, the largest first."""
    cluster = rows["cluster"].to_numpy()
    probability = rows["probability"].to_numpy()
    exemplar = rows["exemplar"].to_pylist()
    entries = []
    for number in range(int(cluster.max(initial=-1)) + 1):
        members = np.flatnonzero(cluster == number)
        central = sorted((m for m in members if exemplar[m] is not None), key=lambda m: exemplar[m])
        shown = [_window(rows, int(m)) for m in central]
        counts = Counter(labels[m] for m in members if labels[m] is not None)
        entries.append(
            {
                "id": f"{job_id}.{number}",
                "cluster": number,
                "size": len(members),
                "share": round(len(members) / len(cluster), 6),
                "mean_probability": round(float(probability[members].mean()), 6),
                "medoid": shown[0],
                "exemplars": shown,
                "labels": dict(counts.most_common(LABELS_SHOWN)),
            }
        )
    return entries


def _window(rows: pa.Table, row: int) -> dict[str, Any]:
    names = ("window_id", "recording_id", "folder", "path", "start_s", "end_s")
    return {name: rows[name][row].as_py() for name in names}
