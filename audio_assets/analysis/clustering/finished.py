"""The clusterings of a folder that can be looked at: the assets' and those of ad-hoc jobs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from audio_assets.analysis.clustering.job import REPORT, ROWS
from audio_assets.analysis.clusters import quality_of
from audio_assets.errors import NotFoundError
from audio_assets.home import Home
from audio_assets.storage import read_json, read_parquet

OF_JOB = "job:"
OF_ASSET = "asset:"


@dataclass(frozen=True)
class FinishedClustering:
    """One clustering of a folder's windows.

    Attributes:
        id: `asset:<checkpoint>` or `job:<job id>`.
        title: for people.
        checkpoint: whose vectors were clustered.
        path: Parquet with window_id, cluster, probability, outlier_score and exemplar.
        folder: the folder that is meant, where the file has several.
        quality: `silhouette`, `silhouette_cosine`, `dbcv` as far as they are known.
    """

    id: str
    title: str
    checkpoint: str
    path: Path
    folder: str
    quality: dict[str, Any]

    def table(self) -> pa.Table:
        """The folder's windows; see `schemas.CLUSTERS`."""
        table = read_parquet(self.path)
        if "folder" in table.column_names:
            table = table.filter(pc.field("folder") == self.folder)
        return table


def finished_clusterings(
    home: Home, folder: str, checkpoints: list[str]
) -> list[FinishedClustering]:
    """Clusterings of a folder: the clusters asset of each checkpoint, then jobs, newest first."""
    found = []
    for checkpoint in checkpoints:
        path = home.asset("clusters", checkpoint=checkpoint, folder=folder)
        if path.is_file():
            title = f"Clusters of {checkpoint} (last run)"
            found.append(
                FinishedClustering(
                    f"{OF_ASSET}{checkpoint}", title, checkpoint, path, folder,
                    quality_of(read_parquet(path, ["cluster"])),
                )
            )  # fmt: skip
    reports = (home.data / "clusters").glob(f"*/{REPORT}")
    dated = sorted(((path.stat().st_mtime_ns, path) for path in reports), reverse=True)
    for written, path in dated:
        job = _job(path, written)
        if folder in job["folders"]:
            title = f"Job {job['job_id']} ({job['checkpoint']})"
            found.append(
                FinishedClustering(
                    f"{OF_JOB}{job['job_id']}", title, job["checkpoint"],
                    path.with_name(ROWS), folder, job["quality"],
                )
            )  # fmt: skip
    return found


@lru_cache(maxsize=1000)
def _job(path: Path, written: int) -> dict[str, Any]:
    """What is needed of a job's report, which also lists every embedding set."""
    report = read_json(path)
    wanted = ("job_id", "checkpoint", "folders", "quality")
    return {name: report.get(name) or {} for name in wanted}


def finished_clustering(
    home: Home, folder: str, checkpoints: list[str], id: str
) -> FinishedClustering:
    """One of them by its id.

    Raises:
        NotFoundError: there is none (any more).
    """
    for found in finished_clusterings(home, folder, checkpoints):
        if found.id == id:
            return found
    raise NotFoundError(f"The folder {folder!r} has no clustering {id!r} (any more).")
