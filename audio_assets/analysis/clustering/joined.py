"""Clusters of more windows than are clustered: the others join those of a seeded sample.

A window joins the cluster that has the most weight among its nearest windows of the sample (noise
counts as one), as a k-nearest-neighbour classifier would put it. How far it stands out is scored
against the sample, too, so that what is unlike everything there shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from audio_assets.analysis.clustering.methods import Clustering, by_size
from audio_assets.analysis.clustering.outliers import (
    Surroundings,
    copies_among,
    discounted,
    fingerprints,
)
from audio_assets.analysis.nearest_fitted import NearestFitted, nearness, unit_blocks

NEIGHBOURS = 15


@dataclass(frozen=True)
class Assigned:
    """Of all N windows: labels int32 [N], probabilities float32 [N], outlier scores float32 [N]."""

    labels: np.ndarray
    probabilities: np.ndarray
    outliers: np.ndarray


def join(
    table: pa.Table,
    rows: np.ndarray,
    units: np.ndarray,
    found: Clustering,
    outliers: np.ndarray,
    around: Surroundings | None,
) -> Assigned:
    """Give every window outside the sample a cluster of it.

    Args:
        table: embeddings of all N windows, `schemas.embeddings_schema`.
        rows: int [n], ascending rows of the sample.
        units: float32 [n, D], its unit vectors.
        found: its clusters.
        outliers: float32 [n], its `raw_scores`; copies are counted among all windows.
        around: what other windows are scored by; None where nothing stands out.

    Returns:
        Clusters are numbered by their size among all windows; a probability is the share of the
        neighbours' weight that is of the cluster, times their own probabilities.
    """
    count = table.num_rows
    labels, outside = np.full(count, -1, np.int32), np.ones(count, bool)
    outside[rows] = False
    probabilities, scores = np.zeros(count, np.float32), np.zeros(count, np.float32)
    near = NearestFitted(units)
    different = NearestFitted(around.units) if around else None
    prints = np.empty(count, np.uint64)
    for place, block in unit_blocks(table, units.shape[1]):
        prints[place] = fingerprints(block)
        here = np.flatnonzero(outside[place])
        others, at = block[here], place.start + here
        for part, nearest, distance in near.blocks(others, NEIGHBOURS):
            labels[at[part]], probabilities[at[part]] = _vote(found, nearest, nearness(distance))
        if around and different:
            for part, nearest, distance in different.blocks(others, around.neighbours):
                scores[at[part]] = around.scores(nearest, distance)
    labels[rows], probabilities[rows], scores[rows] = found.labels, found.probabilities, outliers
    scores = discounted(scores, copies_among(prints))
    return Assigned(by_size(labels), probabilities, scores)


def _vote(
    found: Clustering, nearest: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The cluster of the most weight, and how sure that is, of neighbours [q, k]."""
    names = found.labels[nearest]
    same = names[:, :, None] == names[:, None, :]
    support = np.einsum("qkj,qj->qk", same, weight)
    best = support.argmax(axis=1)[:, None]
    label = np.take_along_axis(names, best, axis=1)
    share = weight * found.probabilities[nearest] * (names == label)
    return label[:, 0], np.minimum(share.sum(axis=1), 1.0)
