"""Cards of a clustering: one per cluster, with size, labels and exemplars; noise is one, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.analysis.clustering.exemplars import EXEMPLARS
from audio_assets.catalogue.window_editing import LabelEdit

NOISE = -1
LABELS_SHOWN = 4
NAMED = "cluster "
"""Begins the `origin` of the label edits that come from naming a cluster."""


@dataclass(frozen=True)
class Window:
    """A window as a card needs it; `picture` is the file of its preview."""

    window_id: str
    sample_id: str
    path: str
    label: str | None
    picture: str | None = None


@dataclass(frozen=True)
class ClusterCard:
    """One cluster.

    Attributes:
        cluster: its number; -1 is noise.
        size: of its windows.
        share: of all windows, 0 to 1.
        labels: its most frequent labels with their counts.
        labelled: windows that have a label.
        purity: share of the most frequent label among those, 0 to 1; None without labels.
        probability: mean membership, 0 to 1; None for noise.
        exemplars: the medoid first; of noise the least typical windows.
        name: what a person called the cluster, if most of its windows have that name.
        named_by: who.
        named_at: when.
    """

    cluster: int
    size: int
    share: float
    labels: list[tuple[str, int]]
    labelled: int
    purity: float | None
    probability: float | None
    exemplars: list[Window]
    name: str | None
    named_by: str | None
    named_at: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain values for the App's scripts."""
        return asdict(self)


def cluster_cards(
    table: pa.Table, windows: Mapping[str, Window], edits: Mapping[str, LabelEdit]
) -> list[ClusterCard]:
    """The cards of a clustering, by number, noise last.

    Args:
        table: `schemas.CLUSTERS` (or ASSIGNMENTS).
        windows: those of the data set, by window id; others are left out.
        edits: as `label_edits` gives them.
    """
    ids = table["window_id"].to_pylist()
    known = np.array([id in windows for id in ids], bool)
    cluster = table["cluster"].to_numpy()
    probability = table["probability"].to_numpy()
    outlier = table["outlier_score"].to_numpy()
    rank = table["exemplar"].fill_null(-1).to_numpy()
    total = int(known.sum())
    cards = []
    numbers = sorted({int(c) for c in cluster[known]}, key=lambda c: (c == NOISE, c))
    for number in numbers:
        rows = np.flatnonzero(known & (cluster == number))
        members = [windows[ids[row]] for row in rows]
        order = _exemplars(rows, rank, probability, outlier, number)
        counts = Counter(m.label for m in members if m.label is not None)
        labelled = counts.total()
        name, edit = _name(members, edits)
        cards.append(
            ClusterCard(
                cluster=number,
                size=len(members),
                share=round(len(members) / total, 6),
                labels=[(str(label), n) for label, n in counts.most_common(LABELS_SHOWN)],
                labelled=labelled,
                purity=round(max(counts.values()) / labelled, 6) if labelled else None,
                probability=(
                    None if number == NOISE else round(float(probability[rows].mean()), 6)
                ),
                exemplars=[members[i] for i in order],
                name=name,
                named_by=edit.by if edit else None,
                named_at=edit.edited if edit else None,
            )
        )
    return cards


def members_of(table: pa.Table, number: int) -> list[str]:
    """Window ids of a cluster."""
    chosen = pa.array(table["cluster"].to_numpy() == number)
    return table.filter(chosen)["window_id"].to_pylist()


def _exemplars(
    rows: np.ndarray, rank: np.ndarray, probability: np.ndarray, outlier: np.ndarray, number: int
) -> list[int]:
    """Positions among the members: medoid and next; the largest outlier scores of noise."""
    if number == NOISE:
        order = np.argsort(-outlier[rows], kind="stable")
    else:
        # a clustering of several folders may have its exemplars elsewhere
        unranked = np.where(rank[rows] < 0, EXEMPLARS, rank[rows])
        order = np.lexsort((-probability[rows], unranked))
    return [int(i) for i in order[:EXEMPLARS]]


def _name(
    members: Sequence[Window], edits: Mapping[str, LabelEdit]
) -> tuple[str | None, LabelEdit | None]:
    """The name that most of the windows got when a cluster of theirs was named."""
    given = [edits.get(m.window_id) or edits.get(m.path) for m in members]
    named = [e for e in given if e is not None and (e.origin or "").startswith(NAMED) and e.label]
    if 2 * len(named) <= len(members):
        return None, None
    label, count = Counter(e.label for e in named).most_common(1)[0]
    if 2 * count <= len(members):
        return None, None
    last = max((e for e in named if e.label == label), key=lambda e: e.edited or "")
    return label, last
