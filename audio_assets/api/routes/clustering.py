"""/clustering/…: jobs that cluster chosen embedding sets, their clusters and assignments."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from audio_assets.analysis.clustering.job import cluster_assignments, read_clustering
from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.api.context import Context, Shared
from audio_assets.api.job_item import (
    REPLAYED,
    IdempotencyKey,
    JobDetail,
    JobSummary,
    OfState,
    job_asked_for,
    job_canceled,
    job_detail,
    job_of_kind,
    jobs_page,
)
from audio_assets.api.pages import MOST, Page, Paging, page_of
from audio_assets.errors import NotMaterializedError
from audio_assets.jobs.clustering import resolve_clustering
from audio_assets.jobs.job import Job

router = APIRouter(prefix="/clustering", tags=["clustering"])

ClusterId = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(-1|0|[1-9][0-9]{0,8})$",
        description="`<job id>.<number>`; number -1 is noise",
    ),
]


class ClusteringOutcome(BaseModel):
    """What a finished clustering found."""

    checkpoint: str
    encoding_signature: str
    dim: int
    folders: list[str]
    windows: int
    clusters: int
    noise: dict[str, Any] = Field(description="size and share of the windows in no cluster")
    used: dict[str, Any] = Field(description="Parameters as used; small data shrink some")
    quality: dict[str, Any] | None = Field(description="DBCV, silhouette")
    labels: dict[str, Any] | None = Field(description="Agreement with labels: ARI, NMI, purity")
    stability: dict[str, Any] | None = Field(description="Over seeds")
    agreement: dict[str, Any] | None = Field(description="With another checkpoint's clusters")


class ClusteringDetail(JobDetail):
    """A clustering job; `outcome` once it is finished."""

    outcome: ClusteringOutcome | None = None


class ClusterWindow(BaseModel):
    """One window, as an exemplar."""

    window_id: str
    recording_id: str
    folder: str
    path: str
    start_s: float
    end_s: float


class ClusterItem(BaseModel):
    """One cluster."""

    id: str
    cluster: int
    size: int
    share: float
    mean_probability: float
    medoid: dict[str, Any]
    exemplars: list[dict[str, Any]] = Field(description="The most central windows")
    labels: dict[str, int] = Field(description="The commonest labels, where there are any")


class Assignment(ClusterWindow):
    """One window with its cluster."""

    cluster: int = Field(description="-1 is noise")
    probability: float
    outlier_score: float


@router.post(
    "/jobs",
    response_model=ClusteringDetail,
    status_code=202,
    responses={200: {**REPLAYED[200], "model": ClusteringDetail}},
    summary="Ask for a clustering",
)
def create_clustering(
    wanted: ClusteringRequest,
    context: Shared,
    request: Request,
    response: Response,
    key: IdempotencyKey = None,
) -> ClusteringDetail:
    """Cluster embedding sets of one encoding signature, or a folder under a checkpoint.

    Sets that have no common space are refused. Two identical requests at once are one job.
    """
    resolved = resolve_clustering(context.home, context.settings, wanted)
    return _detail(context, job_asked_for(context, "clustering", resolved, key, request, response))


@router.get("/jobs", response_model=Page[JobSummary], summary="List clusterings")
def list_clusterings(context: Shared, page: Paging, state: OfState = None) -> Page[JobSummary]:
    """Clustering jobs, newest first."""
    return jobs_page(context, "clustering", state, page)


@router.get("/jobs/{job_id}", response_model=ClusteringDetail, summary="One clustering")
def get_clustering(job_id: UUID, context: Shared) -> ClusteringDetail:
    """State and progress, and what was found once it is finished."""
    return _detail(context, job_of_kind(context, "clustering", str(job_id)))


@router.post(
    "/jobs/{job_id}/cancel",
    response_model=ClusteringDetail,
    status_code=202,
    summary="Cancel a clustering",
)
def cancel_clustering(job_id: UUID, context: Shared) -> ClusteringDetail:
    """Stop a clustering; nothing of it is kept."""
    return _detail(context, job_canceled(context, "clustering", str(job_id)))


@router.get("/jobs/{job_id}/clusters", response_model=Page[ClusterItem], summary="List clusters")
def list_clusters(job_id: UUID, context: Shared, page: Paging) -> Page[ClusterItem]:
    """Clusters of a finished clustering, numbered from the largest."""
    report = _report(context, job_of_kind(context, "clustering", str(job_id)))
    clusters, cursor = page_of(report["clusters"], lambda c: f"{c['cluster']:09d}", page)
    return Page[ClusterItem](items=[ClusterItem.model_validate(c) for c in clusters], next=cursor)


@router.get(
    "/clusters/{id}/assignments", response_model=Page[Assignment], summary="Windows of a cluster"
)
def list_assignments(
    id: ClusterId,
    context: Shared,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items on a page")] = 100,
    cursor: Annotated[
        str | None,
        Query(pattern=r"^[0-9]{1,12}$", description="`next` of the page before"),
    ] = None,
) -> Page[Assignment]:
    """Windows of a cluster, or of the noise (number -1), in the order of recordings and time."""
    _report(context, job_of_kind(context, "clustering", id.rpartition(".")[0]))
    rows = cluster_assignments(context.home, id)
    start = int(cursor or 0)
    items = [Assignment.model_validate(row) for row in rows.slice(start, limit).to_pylist()]
    following = start + len(items)
    return Page[Assignment](
        items=items, next=str(following) if items and following < rows.num_rows else None
    )


def _detail(context: Context, job: Job) -> ClusteringDetail:
    detail = ClusteringDetail(**job_detail(context, job).model_dump())
    if job.state == "finished":
        report = read_clustering(context.home, job.job_id).report
        detail.outcome = ClusteringOutcome.model_validate(
            {**report, "clusters": len(report["clusters"])}
        )
    return detail


def _report(context: Context, job: Job) -> dict[str, Any]:
    """What a clustering found.

    Raises:
        NotMaterializedError: it has not finished.
    """
    if job.state != "finished":
        why = f": {job.error}" if job.error else ""
        raise NotMaterializedError(
            f"Clustering {job.job_id} is {job.state}{why}; it has clusters once it is finished."
        )
    return read_clustering(context.home, job.job_id).report
