"""One ad-hoc clustering: computed once, kept as `clusters.json` and `assignments.parquet`."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from filelock import FileLock

from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.embedding_sets import EmbeddingSet, load_rows
from audio_assets.errors import ConflictError, NotFoundError, UsageError
from audio_assets.home import Home, check_slug
from audio_assets.schemas import ASSIGNMENTS
from audio_assets.storage import read_json, read_parquet, write_json, write_parquet

if TYPE_CHECKING:
    import pandas as pd

    from audio_assets.analysis.clustering.methods import Clustering

log = logging.getLogger(__name__)

REPORT, ROWS = "clusters.json", "assignments.parquet"


class ClusteringNotFoundError(NotFoundError):
    """No finished clustering, or no cluster, has that id."""


@dataclass(frozen=True)
class ClusteringResult:
    """A finished clustering.

    Attributes:
        job_id: names it and its directory.
        report: what `clusters.json` holds; `report["clusters"]` has one entry per cluster.
        assignments_file: Parquet of `schemas.ASSIGNMENTS`, one row per window.
    """

    job_id: str
    report: dict[str, Any]
    assignments_file: Path

    def assignments(self, cluster: int | None = None) -> pa.Table:
        """The rows of all windows, or of one cluster (-1: noise)."""
        table = read_parquet(self.assignments_file)
        if cluster is None:
            return table
        return table.filter(pa.array(table["cluster"].to_numpy() == cluster))


def run_clustering(home: Home, request: ClusteringRequest, job_id: str) -> ClusteringResult:
    """Cluster what the request selects; a finished job is read, not computed again.

    Args:
        home: holds the embeddings; the result goes into its `data/clusters/<job_id>/`.
        request: what to cluster, and how.
        job_id: a slug.

    Raises:
        ConflictError: the id belongs to another request.
        UsageError: the id is no slug; and as `selected_sets` does.
        StorageError: the disk refuses.
    """
    from audio_assets.analysis.clustering.methods import cluster_vectors
    from audio_assets.analysis.clustering.outliers import outlier_scores
    from audio_assets.analysis.clustering.report import agreement_report, clustering_report
    from audio_assets.analysis.clustering.selection import selected_sets

    directory = _directory(home, job_id)
    home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(home.locks / f"clustering-{job_id}.lock"):
        if (directory / REPORT).is_file():
            return _same_request(read_clustering(home, job_id), request)
        sets = selected_sets(home, request)
        windows, vectors = load_rows(home, sets)
        log.info("Clustering %d windows of %d recordings", len(windows), len(sets))
        found = cluster_vectors(vectors, request.parameters)
        rows = _assignments(windows, found, outlier_scores(vectors))
        report = {
            "job_id": job_id,
            "request": request.model_dump(mode="json"),
            **clustering_report(job_id, request, sets, windows, vectors, found, rows),
            "agreement": agreement_report(home, request, sets, windows, found),
        }
        write_parquet(directory / ROWS, rows)
        write_json(directory / REPORT, report)  # last: its presence says that all is there
    return ClusteringResult(job_id, report, directory / ROWS)


def read_clustering(home: Home, job_id: str) -> ClusteringResult:
    """A finished clustering.

    Raises:
        ClusteringNotFoundError: there is none of that id.
    """
    directory = _directory(home, job_id)
    if not (directory / REPORT).is_file():
        raise ClusteringNotFoundError(f"There is no finished clustering {job_id!r} in this home.")
    return ClusteringResult(job_id, read_json(directory / REPORT), directory / ROWS)


def cluster_assignments(home: Home, cluster_id: str) -> pa.Table:
    """The windows of one cluster, `schemas.ASSIGNMENTS`.

    Args:
        home: holds the result.
        cluster_id: `<job_id>.<number>`; number -1 is noise.

    Raises:
        ClusteringNotFoundError: no such clustering or cluster.
    """
    job_id, _, number = cluster_id.rpartition(".")
    try:
        result, cluster = read_clustering(home, job_id), int(number)
    except (UsageError, ValueError) as error:
        raise ClusteringNotFoundError(f"There is no cluster {cluster_id!r}.") from error
    if not -1 <= cluster < len(result.report["clusters"]):
        raise ClusteringNotFoundError(
            f"There is no cluster {cluster_id!r}; clustering {job_id!r} has "
            f"{len(result.report['clusters'])} clusters, numbered from 0, and -1 for noise."
        )
    return result.assignments(cluster)


def default_job_id(request: ClusteringRequest, sets: list[EmbeddingSet]) -> str:
    """An id that is the same for the same request on the same vectors."""
    from audio_assets.encoding.signature import canonical

    told = {"request": request.model_dump(mode="json"), "sets": sorted(s.id for s in sets)}
    return "cluster-" + hashlib.sha256(canonical(told).encode()).hexdigest()[:12]


def _directory(home: Home, job_id: str) -> Path:
    return home.data / "clusters" / check_slug(job_id, "The clustering id")


def _same_request(done: ClusteringResult, request: ClusteringRequest) -> ClusteringResult:
    if done.report["request"] != request.model_dump(mode="json"):
        raise ConflictError(
            f"The clustering {done.job_id!r} is finished and was made by another request; "
            "give this one another id."
        )
    return done


def _assignments(windows: pd.DataFrame, found: Clustering, outliers: np.ndarray) -> pa.Table:
    from audio_assets.analysis.clustering.exemplars import exemplar_ranks
    from audio_assets.analysis.clusters import ranks_column

    computed = {
        "cluster": pa.array(found.labels, pa.int32()),
        "probability": pa.array(found.probabilities, pa.float32()),
        "outlier_score": pa.array(outliers, pa.float32()),
        "exemplar": ranks_column(exemplar_ranks(found.space, found.labels)),
    }
    columns = [
        computed[f.name] if f.name in computed else pa.array(windows[f.name].to_list(), f.type)
        for f in ASSIGNMENTS
    ]
    return pa.Table.from_arrays(columns, schema=ASSIGNMENTS)
