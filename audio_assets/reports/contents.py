"""What a report tells: everything that was gathered, before a word of it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_assets.analysis.retrieval import Retrieval
from audio_assets.recordings.windows import WindowGrid

if TYPE_CHECKING:
    import pandas as pd

    from audio_assets.reports.previews import PreviewReader

NOISE = -1


@dataclass(frozen=True)
class Overview:
    """The recordings of a folder.

    Attributes:
        status: files by verdict: ok, failed, duplicate.
        seconds: of sound in the recordings that are ok.
        bytes: of them.
        shortest_s: the shortest of them; None without one.
        longest_s: the longest of them.
        formats: recordings by format and subtype.
        rates: recordings by sample rate in Hz.
        channels: recordings by number of channels.
        with_start: recordings whose start is known.
        first: the earliest known start (UTC).
        last: the latest known end (UTC).
        grid: how recordings are cut into windows.
        not_encoded: recordings that are ok but have no vector.
    """

    status: Mapping[str, int]
    seconds: float
    bytes: int
    shortest_s: float | None
    longest_s: float | None
    formats: Mapping[str, int]
    rates: Mapping[int, int]
    channels: Mapping[int, int]
    with_start: int
    first: datetime | None
    last: datetime | None
    grid: WindowGrid
    not_encoded: int


@dataclass(frozen=True)
class Trouble:
    """A file that something is wrong with: `kind` is failed, not encoded, duplicate or warning."""

    path: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Map:
    """A flat map of the embedding space: points float32 [N, 2], NaN where a window has none."""

    name: str
    points: np.ndarray
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Clusters:
    """The stored clusters of the windows.

    Attributes:
        number: int [N]; -1 is noise.
        probability: float [N], of belonging to it.
        outlier: float [N], 0 to 1; None where an earlier version made the clusters.
        exemplar: int [N], 0 for a medoid, -1 for a window that is no exemplar.
        parameters: what they were made with.
        quality: `analysis.clustering.measures.internal_quality`.
        against_labels: `analysis.clustering.measures.label_quality`.
    """

    number: np.ndarray
    probability: np.ndarray
    outlier: np.ndarray | None
    exemplar: np.ndarray
    parameters: Mapping[str, Any]
    quality: Mapping[str, Any]
    against_labels: Mapping[str, Any] | None

    @property
    def names(self) -> list[int]:
        """Numbers of the clusters, the largest cluster first; noise is none."""
        return list(range(int(self.number.max(initial=NOISE)) + 1))

    def members(self, cluster: int) -> np.ndarray:
        """Rows of its windows, int [n]."""
        return np.flatnonzero(self.number == cluster)

    def exemplars(self, cluster: int) -> list[int]:
        """Rows of the windows that stand for it, the medoid first."""
        rows = np.flatnonzero((self.number == cluster) & (self.exemplar >= 0))
        return rows[np.argsort(self.exemplar[rows], kind="stable")].tolist()


@dataclass(frozen=True)
class Gap:
    """Something that a report can show and this one does not, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Contents:
    """Everything about a folder under a checkpoint.

    Attributes:
        folder: key.
        checkpoint: name.
        made: when it was gathered (UTC).
        time_zone: of the recorder's clock, in which hours of the day are counted.
        overview: of the recordings.
        troubles: files with something wrong, the worst kind first.
        windows: N rows, as `reading.load_embeddings` gives them.
        labels: object [N], None where there is none.
        typical: label → rows of the windows nearest to the mean of all with that label.
        maps: of the embedding space.
        clusters: None where they are not there.
        retrieval: None without labels.
        previews: reads spectrograms; None where there are none.
        provenance: title → (name, value) pairs.
        outputs: (asset, data version, when it was made) by the records of Dagster.
        gaps: what is missing and why.
    """

    folder: str
    checkpoint: str
    made: datetime
    time_zone: str
    overview: Overview
    troubles: tuple[Trouble, ...]
    windows: pd.DataFrame
    labels: np.ndarray
    typical: Mapping[str, tuple[int, ...]]
    maps: tuple[Map, ...]
    clusters: Clusters | None
    retrieval: Retrieval | None
    previews: PreviewReader | None
    provenance: Mapping[str, tuple[tuple[str, str], ...]]
    outputs: tuple[tuple[str, str, str], ...]
    gaps: tuple[Gap, ...]

    @property
    def classes(self) -> list[str]:
        """Labels in the order of their names, which is that of their colours."""
        return sorted({label for label in self.labels if label is not None})

    def window(self, row: int) -> dict[str, Any]:
        """A row of `windows`."""
        return {str(name): value for name, value in self.windows.iloc[row].to_dict().items()}

    def class_sizes(self) -> dict[str, int]:
        """Windows of each label, the most frequent first."""
        names, sizes = np.unique(
            np.array([x for x in self.labels if x is not None], dtype=str), return_counts=True
        )
        order = np.lexsort((names, -sizes))
        return {str(names[i]): int(sizes[i]) for i in order}

    def missing(self, what: str) -> str | None:
        """Why something is not there; None when it is."""
        return next((gap.why for gap in self.gaps if gap.what == what), None)
