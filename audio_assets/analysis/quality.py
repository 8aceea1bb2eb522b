"""How good vectors and clusters are, measured against labels."""

from __future__ import annotations

import numpy as np

from audio_assets.analysis.neighbours import neighbour_blocks, unit_rows


def nearest_labels(
    queries: np.ndarray, references: np.ndarray | None, labels: np.ndarray, k: int, *, centre: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the k nearest references of each query, by cosine.

    Args:
        queries: float [Q, D].
        references: float [N, D]; None to search among the queries, each without itself.
        labels: [N] (or [Q]), of the references.
        k: neighbours.
        centre: subtract the references' mean first; embeddings often share one large component.

    Returns:
        (labels [Q, k'], cosine float32 [Q, k'], descending).
    """
    among = queries if references is None else references
    mean = np.mean(among, axis=0, dtype=np.float64) if centre and len(among) else 0.0
    units = unit_rows(among - mean)
    asked = units if references is None else unit_rows(queries - mean)
    own = np.arange(len(queries)) if references is None else None
    blocks = list(neighbour_blocks(asked, units, k, own))
    columns = np.concatenate([c for _, c, _ in blocks]) if blocks else np.empty((0, 0), np.int64)
    scores = np.concatenate([s for _, _, s in blocks]) if blocks else np.empty((0, 0), np.float32)
    return np.asarray(labels)[columns], scores


def knn_accuracy(
    queries: np.ndarray,
    query_labels: np.ndarray,
    references: np.ndarray | None = None,
    reference_labels: np.ndarray | None = None,
    *,
    k: int = 5,
    centre: bool = True,
) -> float:
    """Share of queries whose label is that of most of their k nearest references.

    Of labels with equal votes, the one whose votes have the larger sum of cosines wins.

    Args:
        queries: float [Q, D].
        query_labels: [Q].
        references: float [N, D]; None for leave-one-out among the queries.
        reference_labels: [N]; not given for leave-one-out.
        k: neighbours that vote.
        centre: subtract the references' mean first.

    Returns:
        0 to 1; NaN without queries or references.
    """
    truth = np.asarray(query_labels)
    labels = truth if references is None else np.asarray(reference_labels)
    near, scores = nearest_labels(queries, references, labels, k, centre=centre)
    return float((majority_label(near, scores) == truth).mean()) if near.size else float("nan")


def majority_label(near: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The label of most neighbours; of equal votes, that with the larger sum of cosines.

    Args:
        near: labels [Q, k], k at least 1.
        scores: cosine float32 [Q, k].

    Returns:
        [Q].
    """
    same = near[:, :, None] == near[:, None, :]
    tie = (same * (scores[:, None, :] + 1.0)).sum(axis=2) / (2.0 * near.shape[1] + 1.0)
    votes = same.sum(axis=2) + tie
    return np.take_along_axis(near, votes.argmax(axis=1)[:, None], axis=1)[:, 0]


def precision_at_k(
    queries: np.ndarray,
    query_labels: np.ndarray,
    references: np.ndarray | None = None,
    reference_labels: np.ndarray | None = None,
    *,
    k: int = 20,
    centre: bool = True,
) -> float:
    """Mean share of the k nearest references that carry the query's label.

    Args:
        queries: float [Q, D].
        query_labels: [Q].
        references: float [N, D]; None for leave-one-out among the queries.
        reference_labels: [N]; not given for leave-one-out.
        k: neighbours; fewer where there are fewer references.
        centre: subtract the references' mean first.

    Returns:
        0 to 1; NaN without queries or references.
    """
    truth = np.asarray(query_labels)
    labels = truth if references is None else np.asarray(reference_labels)
    near, _ = nearest_labels(queries, references, labels, k, centre=centre)
    return float((near == truth[:, None]).mean()) if near.size else float("nan")


def intra_inter_distance(vectors: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Mean cosine distance between two vectors of one class, and of two classes, over all pairs.

    Computed from the sums per class, so that no N x N matrix is made.

    Args:
        vectors: float [N, D].
        labels: [N].

    Returns:
        (intra, inter), each 0 to 2; NaN where there is no such pair.
    """
    units = unit_rows(vectors).astype(np.float64)
    _, codes = np.unique(np.asarray(labels), return_inverse=True)
    sizes = np.bincount(codes) if len(codes) else np.zeros(0, int)
    sums = np.zeros((len(sizes), units.shape[1]))
    np.add.at(sums, codes, units)
    own = float((units * units).sum())
    within = float((sums * sums).sum()) - own
    total = sums.sum(axis=0)
    between = float(total @ total) - own - within
    within_pairs = float((sizes * (sizes - 1)).sum())
    between_pairs = float(len(codes) * (len(codes) - 1)) - within_pairs
    nan = float("nan")
    return (
        1.0 - within / within_pairs if within_pairs else nan,
        1.0 - between / between_pairs if between_pairs else nan,
    )


def cluster_agreement(labels: np.ndarray, clusters: np.ndarray) -> dict[str, float]:
    """How far clusters agree with labels.

    Args:
        labels: [N].
        clusters: int [N], -1 is noise; for ARI and NMI noise counts as one more cluster.

    Returns:
        `ari` (-0.5 to 1; Hubert and Arabie 1985), `nmi` (0 to 1, arithmetic mean), `purity`
        (0 to 1, among clustered windows), `noise` (share of noise), `clusters` (their number).
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    labels, clusters = np.asarray(labels), np.asarray(clusters)
    inside = clusters >= 0
    if not len(labels):
        nan = float("nan")
        return {"ari": nan, "nmi": nan, "purity": nan, "noise": nan, "clusters": 0.0}
    _, label = np.unique(labels, return_inverse=True)
    names, cluster = np.unique(clusters[inside], return_inverse=True)
    table = np.zeros((len(names), label.max() + 1), np.int64)
    np.add.at(table, (cluster, label[inside]), 1)
    return {
        "ari": float(adjusted_rand_score(label, clusters)),
        "nmi": float(normalized_mutual_info_score(label, clusters)),
        "purity": float(table.max(axis=1).sum() / inside.sum()) if inside.any() else float("nan"),
        "noise": float(1.0 - inside.mean()),
        "clusters": float(len(names)),
    }
