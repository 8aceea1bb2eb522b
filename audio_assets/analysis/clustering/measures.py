"""How good a clustering is, without labels, against labels, over seeds, and against another one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from audio_assets.analysis.clustering.dbcv import dbcv
from audio_assets.analysis.clustering.methods import Clustering, cluster_vectors
from audio_assets.analysis.clustering.parameters import ClusterParameters
from audio_assets.analysis.quality import cluster_agreement

SILHOUETTE_WINDOWS = 10_000
DBCV_WINDOWS = 5_000  # of one cluster: three matrices of 200 MB
DBCV_CLUSTERS = 500


def internal_quality(clustering: Clustering, vectors: np.ndarray) -> dict[str, Any]:
    """Silhouette and DBCV of the clustered windows.

    Args:
        clustering: of N windows.
        vectors: float [N, D], what was clustered.

    Returns:
        `silhouette` (Rousseeuw 1987, -1 to 1) in the space that was clustered,
        `silhouette_cosine` among the vectors themselves (the one to compare methods by, since a
        UMAP pulls clusters apart), `dbcv` (-1 to 1); None where undefined, with the reason under
        `undefined`. Noise is left out of the silhouettes and counts as 0 in DBCV. More than
        10,000 windows are sampled for the silhouettes.
    """
    labels = clustering.labels
    inside = labels >= 0
    count = int(labels.max(initial=-1)) + 1
    undefined: dict[str, str] = {}
    if count < 2:
        reason = f"needs two clusters, found {count}"
        undefined = dict.fromkeys(("silhouette", "silhouette_cosine", "dbcv"), reason)
    elif count >= inside.sum():
        undefined |= dict.fromkeys(
            ("silhouette", "silhouette_cosine"), "every cluster is a single window"
        )
    largest = int(np.bincount(labels[inside]).max()) if count else 0
    if count >= 2 and (largest > DBCV_WINDOWS or count > DBCV_CLUSTERS):
        undefined["dbcv"] = (
            f"not computed beyond {DBCV_WINDOWS:,} windows in a cluster or {DBCV_CLUSTERS} "
            f"clusters; found {largest:,} and {count:,}"
        )
    measures = {
        "silhouette": lambda: _silhouette(clustering.space, labels, "euclidean"),
        "silhouette_cosine": lambda: _silhouette(vectors, labels, "cosine"),
        "dbcv": lambda: dbcv(clustering.space, labels),
    }
    values = {n: None if n in undefined else finite(f()) for n, f in measures.items()}
    missing = {n for n, value in values.items() if value is None} - set(undefined)
    undefined |= dict.fromkeys(missing, "no cluster has a pair of windows")
    return {**values, "undefined": undefined}


def label_quality(labels: Sequence[str | None], clusters: np.ndarray) -> dict[str, Any] | None:
    """ARI, NMI and purity against labels, over the windows that have one.

    Args:
        labels: [N]; None where there is none.
        clusters: int [N]; -1 is noise.

    Returns:
        As `cluster_agreement`, and `windows`, `classes`; None when no window has a label.
    """
    known = np.array([label is not None for label in labels], bool)
    if not known.any():
        return None
    names = np.array([str(label) for label in labels if label is not None])
    found = cluster_agreement(names, clusters[known])
    values = {k: finite(round(v, 6)) for k, v in found.items() if k != "clusters"}
    return {"windows": int(known.sum()), "classes": len(np.unique(names)), **values}


def stability(
    vectors: np.ndarray, params: ClusterParameters, labels: np.ndarray, seeds: int
) -> dict[str, Any]:
    """How far the clustering stays the same under further seeds.

    Args:
        vectors: float [N, D].
        params: of the clustering; the further seeds follow its own.
        labels: int [N], under its own seed.
        seeds: how many further ones.

    Returns:
        `seeds`, `clusters` and `noise` (one each per seed), `mean_ari` and `min_ari` over all
        pairs (1: always the same; noise counts as one cluster); None without a pair, with the
        reason under `undefined`.
    """
    if seeds < 1 or not params.random:
        reason = "no further seed was asked for" if seeds < 1 else "the method has no random step"
        return {"mean_ari": None, "min_ari": None, "undefined": reason}
    used = [params.seed + i for i in range(seeds + 1)]
    further = (params.model_copy(update={"seed": seed}) for seed in used[1:])
    found = [labels, *(cluster_vectors(vectors, p).labels for p in further)]
    pairs = [agreement(a, b)["ari"] for a, b in combinations(found, 2)]
    return {
        "seeds": used,
        "clusters": [int(f.max(initial=-1)) + 1 for f in found],
        "noise": [noise_share(f) for f in found],
        "mean_ari": float(np.mean(pairs)),
        "min_ari": float(np.min(pairs)),
    }


def agreement(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """ARI and NMI of two clusterings of the same windows; noise counts as one more cluster."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    return {
        "ari": float(adjusted_rand_score(a, b)),
        "nmi": float(normalized_mutual_info_score(a, b)),
    }


def noise_share(labels: np.ndarray) -> float:
    """Share of windows that are in no cluster, 0 to 1."""
    return round(float((labels < 0).mean()), 6) if len(labels) else 0.0


def finite(value: float) -> float | None:
    """A number that JSON can hold, or None."""
    return float(value) if np.isfinite(value) else None


def _silhouette(points: np.ndarray, labels: np.ndarray, metric: str) -> float:
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(labels >= 0)
    if len(inside) > SILHOUETTE_WINDOWS:
        inside = inside[:: -(-len(inside) // SILHOUETTE_WINDOWS)]
    if not 2 <= len(np.unique(labels[inside])) < len(inside):
        return float("nan")
    return float(silhouette_score(points[inside], labels[inside], metric=metric))
