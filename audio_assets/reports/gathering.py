"""Gathers what a report tells from the files that were materialized; nothing is computed anew
but what is measured against labels.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from audio_assets.analysis.retrieval import recording_retrieval
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.reports.contents import Clusters, Contents, Gap, Map
from audio_assets.reports.overview import gather_overview, gather_troubles
from audio_assets.reports.previews import PreviewReader
from audio_assets.reports.provenance import gather_outputs, gather_provenance
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet

if TYPE_CHECKING:
    import pandas as pd

TYPICAL = 3
MOST_LOOKED_UP = 10_000
NO_LABELS = (
    "The recordings have no labels. A table with a column named label in the folder, labels given "
    "in the App or sub-folders named after classes add this part."
)
MAPS = {"umap": "UMAP", "tsne": "t-SNE"}


def gather(
    folder: str, checkpoint: str, settings: Settings, *, made: datetime | None = None
) -> Contents:
    """Gather everything that a report of a folder under a checkpoint tells.

    Args:
        folder: key of a folder.
        checkpoint: name of a checkpoint that was run on it.
        settings: name the home.
        made: the time to put on it; now when None.

    Raises:
        UsageError: the folder is unknown.
        NotMaterializedError: the checkpoint was not run on it, with the command that does.
        StorageError: a file of the home is damaged.
    """
    from audio_assets.analysis.clustering.report import labels_of
    from audio_assets.reading import embeddings_table, load_embeddings

    home = Home.of(settings)
    windows, vectors = load_embeddings(folder, checkpoint, settings=settings)
    registered = FolderRegistry(home).get(folder)
    recordings = read_parquet(home.asset("raw_audio", folder=folder))
    signatures = embeddings_table(home, folder, checkpoint)["encoding_signature"].unique()
    labels = np.array([*labels_of(windows), None], dtype=object)[:-1]  # [N] whatever N is
    ids = pa.array(windows["window_id"], pa.string())
    gaps: list[Gap] = []
    maps = [_map(home, folder, checkpoint, kind, ids, gaps) for kind in MAPS]
    clusters = _clusters(home, folder, checkpoint, ids, labels, gaps)
    retrieval = recording_retrieval(windows, vectors, labels.tolist(), most=MOST_LOOKED_UP)
    if retrieval is None:
        found = sum(label is not None for label in labels)
        one = "Only one recording has a label; neighbours need two."
        gaps.append(Gap("retrieval", one if found else NO_LABELS))
    previews = _previews(home, folder, registered, recordings, gaps)
    overview = gather_overview(recordings, windows)
    return Contents(
        folder=folder,
        checkpoint=checkpoint,
        made=made or datetime.now(UTC),
        time_zone=registered.timezone,
        overview=overview,
        troubles=tuple(gather_troubles(recordings, windows)),
        windows=windows,
        labels=labels,
        typical=_typical(vectors, labels),
        maps=tuple(m for m in maps if m is not None),
        clusters=clusters,
        retrieval=retrieval,
        previews=previews,
        provenance=gather_provenance(
            home, registered, checkpoint, signatures.to_pylist(), vectors.shape[1]
        ),
        outputs=gather_outputs(home, folder, checkpoint),
        gaps=tuple(gaps),
    )


def _map(
    home: Home, folder: str, checkpoint: str, kind: str, ids: pa.Array, gaps: list[Gap]
) -> Map | None:
    from audio_assets.analysis.projection import parameters_of
    from audio_assets.encoding.shards import positions

    path = home.asset(f"{kind}_coords", folder=folder, checkpoint=checkpoint)
    name, table = MAPS[kind], read_parquet(path) if path.is_file() else None
    if table is None or not (table.num_rows or not len(ids)):
        why = "It has not been computed; run the folder again."
        if table is not None:
            why = f"It was switched off by AUDIO_ASSETS_COMPUTE_{kind.upper()} when this was run."
        gaps.append(Gap(name, why))
        return None
    rows = positions(ids, table["window_id"].combine_chunks())
    points = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)[rows]
    points[rows < 0] = np.nan
    _tell_of_older(name, int((rows < 0).sum()), gaps)
    return Map(name, points, parameters_of(table))


def _clusters(
    home: Home, folder: str, checkpoint: str, ids: pa.Array, labels: np.ndarray, gaps: list[Gap]
) -> Clusters | None:
    from audio_assets.analysis.clustering.measures import label_quality
    from audio_assets.analysis.clusters import quality_of
    from audio_assets.analysis.projection import parameters_of
    from audio_assets.encoding.shards import positions

    path = home.asset("clusters", folder=folder, checkpoint=checkpoint)
    if not path.is_file():
        gaps.append(Gap("clusters", "They have not been computed; run the folder again."))
        return None
    table = read_parquet(path)
    rows = positions(ids, table["window_id"].combine_chunks())
    _tell_of_older("clusters", int((rows < 0).sum()), gaps)
    there = rows >= 0

    def column(name: str, otherwise: float) -> np.ndarray | None:
        if name not in table.column_names:
            return None
        values = table[name].fill_null(-1).to_numpy()
        return np.where(there, values[rows] if len(values) else otherwise, otherwise)

    number = column("cluster", -1)
    assert number is not None
    number, exemplar = number.astype(int), column("exemplar", -1)
    if (outlier := column("outlier_score", 0.0)) is None:
        gaps.append(Gap("outliers", "The clusters are of an earlier version; run again."))
    return Clusters(
        number=number,
        probability=np.asarray(column("probability", 0.0)),
        outlier=outlier,
        exemplar=np.full(len(ids), -1) if exemplar is None else exemplar.astype(int),
        parameters=parameters_of(table),
        quality=quality_of(table),
        against_labels=label_quality(labels.tolist(), number),
    )


def _tell_of_older(what: str, windows: int, gaps: list[Gap]) -> None:
    if windows:
        why = f"{windows:,} windows came later than it and are left out; run the folder again."
        gaps.append(Gap(f"{what} of all windows", why))


def _previews(
    home: Home, folder: str, registered, recordings: pa.Table, gaps: list[Gap]
) -> PreviewReader | None:
    directory = home.asset("spectrograms", folder=folder) / "png"
    if not directory.is_dir():
        gaps.append(Gap("spectrograms", "They have not been computed; run the folder again."))
        return None
    about: pd.DataFrame = recordings.select(["recording_id", "sample_rate", "frames", "status"])
    about = about.filter(pa.array(recordings["status"].to_numpy() == "ok")).to_pandas()
    return PreviewReader(directory, registered, about)


def _typical(vectors: np.ndarray, labels: np.ndarray) -> dict[str, tuple[int, ...]]:
    """Rows of the windows nearest to the mean direction of their label, nearest first."""
    from audio_assets.analysis.neighbours import unit_rows

    found: dict[str, tuple[int, ...]] = {}
    for name in sorted({label for label in labels if label is not None}):
        rows = np.flatnonzero(labels == name)
        units = unit_rows(vectors[rows])
        order = np.argsort(-(units @ units.mean(axis=0)), kind="stable")[:TYPICAL]
        found[name] = tuple(rows[order].tolist())
    return found
