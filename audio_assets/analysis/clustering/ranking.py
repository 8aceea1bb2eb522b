"""Ranked tables of a folder's clusters: its outliers, and the exemplars of its clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from audio_assets.errors import NotMaterializedError, StorageError
from audio_assets.home import Home
from audio_assets.radio.window_labels import labels_of_windows
from audio_assets.settings import load_settings
from audio_assets.storage import read_parquet

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 50


def outliers_table(home: Home, folder: str, checkpoint: str) -> pd.DataFrame:
    """Every window of a folder, the farthest from all others first.

    Args:
        home: holds the outputs.
        folder: key of the folder.
        checkpoint: name of the checkpoint.

    Returns:
        rank (from 1), outlier_score (0 to 1), window_id, recording_id, path, start_s, end_s,
        label, cluster (-1 is noise), probability.

    Raises:
        NotMaterializedError: the clusters have not been computed, or by an earlier version.
        UsageError: the folder is unknown.
    """
    from audio_assets.reading import load_embeddings

    windows, _ = load_embeddings(folder, checkpoint, settings=load_settings(home=home.root))
    own = ["window_id", "recording_id", "path", "start_s", "end_s", "label"]
    windows = windows.drop(columns=[name for name in windows if name not in own])
    path = home.asset("clusters", folder=folder, checkpoint=checkpoint)
    clusters = read_parquet(path) if path.is_file() else None
    if clusters is None or "outlier_score" not in clusters.column_names:
        raise NotMaterializedError(
            f"The outliers of folder {folder!r} under {checkpoint!r} have not been computed. "
            "Run 'audio-assets run' on it again; what is there already is not computed anew."
        )
    scores = clusters.drop_columns(["exemplar"]).to_pandas()
    joined = windows.merge(scores, on="window_id", validate="one_to_one")
    order = ["outlier_score", "window_id"]
    ranked = joined.sort_values(order, ascending=[False, True], ignore_index=True)
    ranked.insert(0, "outlier_score", ranked.pop("outlier_score"))
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked


def ranked_rows(
    clusters: pa.Table,
    known: list[tuple[str, str | None]],
    by: Literal["exemplar", "outlier_score"],
    limit: int = SHOWN,
) -> list[dict[str, Any]]:
    """The medoid of each cluster, or the windows with the largest outlier scores.

    Args:
        clusters: `schemas.CLUSTERS`, N rows.
        known: (path, label) of each row.
        by: which of the two.
        limit: rows at most.
    """
    cluster = clusters["cluster"].to_numpy()
    scores = clusters["outlier_score"].to_numpy()
    if by == "exemplar":
        medoids = np.flatnonzero(clusters["exemplar"].fill_null(-1).to_numpy() == 0)
        rows = medoids[np.argsort(cluster[medoids], kind="stable")]
    else:
        rows = np.argsort(-scores, kind="stable")
    return [
        {
            "window_id": clusters["window_id"][int(row)].as_py(),
            "path": known[row][0], "label": known[row][1], "cluster": str(cluster[row]),
            "outlier_score": f"{scores[row]:.3f}",
        }
        for row in rows[:limit]
    ]  # fmt: skip


def paths_and_labels(
    home: Home, folder: str, window_ids: list[str]
) -> list[tuple[str, str | None]]:
    """Path and label of each window; the id's beginning and None if unknown."""
    try:
        recordings = read_parquet(home.asset("raw_audio", folder=folder)).to_pylist()
        metadata = read_parquet(home.asset("metadata_table", folder=folder)).to_pylist()
    except StorageError:
        recordings, metadata = [], []
    label = {row["path"]: row["label"] for row in metadata}
    path = {r["recording_id"][:16]: r["path"] for r in recordings if r["status"] == "ok"}
    starts = [i.partition("@")[0] for i in window_ids]
    labels = [label.get(path.get(start, "")) for start in starts]
    labels = labels_of_windows(home, folder, window_ids, labels)
    return [(path.get(s, s), found) for s, found in zip(starts, labels, strict=True)]
