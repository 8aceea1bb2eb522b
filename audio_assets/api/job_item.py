"""A job as clients see it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Header, Query, Request, Response
from pydantic import BaseModel, Field

from audio_assets.api.context import Context
from audio_assets.api.pages import Page, PageRequest
from audio_assets.jobs.job import Job, Kind, State, UnknownJobError
from audio_assets.jobs.requests import no_longer_wanted
from audio_assets.orchestration.job_progress import JobProgress, progress_of

ShownState = Literal["queued", "running", "canceling", "finished", "failed", "canceled"]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="A name of your own for this request: sent again, it gives the same job",
    ),
]
OfState = Annotated[State | None, Query(description="Only jobs in this state")]


class JobSummary(BaseModel):
    """One job in a list."""

    job_id: str
    kind: Kind
    state: ShownState
    created: datetime
    updated: datetime
    request: dict[str, Any] = Field(description="What was asked for, with defaults filled in")
    error: str | None = Field(description="Why it failed")


class RunItem(BaseModel):
    """One Dagster run of a job."""

    run_id: str
    unit: str = Field(examples=["encode:whales"])
    status: str = Field(examples=["STARTED"])
    started: datetime | None
    ended: datetime | None


class FolderResult(BaseModel):
    """What encoding one folder gave."""

    folder: str
    windows: int | None = None
    encoded: int | None = Field(None, description="Windows computed by this job")
    reused: int | None = Field(None, description="Windows taken over from earlier jobs")
    resumed: int | None = Field(None, description="Windows that a killed run had finished")
    dim: int | None = None
    encoding_signature: str | None = None
    failed: list[dict[str, str]] = Field(default_factory=list, description="path and reason")


class JobDetail(JobSummary):
    """One job with its progress."""

    share: float = Field(description="Finished share of the work, 0 to 1", ge=0, le=1)
    stage: str | None = Field(description="What is being computed", examples=["embeddings of w"])
    assets_done: int
    assets_total: int
    windows_done: int | None = Field(description="While windows are encoded: how many are")
    windows_total: int | None
    runs: list[RunItem]
    results: list[FolderResult]


REPLAYED: dict[int | str, dict[str, Any]] = {
    200: {"model": JobDetail, "description": "The job was there already: same key, or same request"}
}


def summary_of(job: Job) -> JobSummary:
    """A job without its progress."""
    return JobSummary(
        job_id=job.job_id, kind=job.kind, state=_shown(job), created=job.created,
        updated=job.updated, request=job.request, error=job.error,
    )  # fmt: skip


def job_detail(context: Context, job: Job) -> JobDetail:
    """A job with its progress, as Dagster has it now."""
    progress: JobProgress = progress_of(context.home, context.instance, job)
    return JobDetail(
        **summary_of(job).model_dump(),
        share=progress.share,
        stage=progress.stage if job.live else None,
        assets_done=progress.assets_done,
        assets_total=progress.assets_total,
        windows_done=progress.windows_done,
        windows_total=progress.windows_total,
        runs=[RunItem.model_validate(vars(run)) for run in progress.runs],
        results=[FolderResult.model_validate(result) for result in progress.results],
    )


def job_of_kind(context: Context, kind: Kind, job_id: str) -> Job:
    """A job by its id.

    Raises:
        UnknownJobError: there is none of this kind.
    """
    job = context.jobs.get(job_id)
    if job.kind != kind:
        raise UnknownJobError(f"There is no {kind} job {job_id!r}; it is a {job.kind} job.")
    return job


def job_asked_for(
    context: Context,
    kind: Kind,
    resolved: dict[str, Any],
    key: str | None,
    request: Request,
    response: Response,
) -> Job:
    """Store a request, unless it is there; 202 for a new job, 200 for one that was there."""
    job, created = context.jobs.create(kind, resolved, key)
    response.status_code = 202 if created else 200
    route = {"processing": "get_job", "clustering": "get_clustering"}[kind]
    response.headers["Location"] = request.url_for(route, job_id=job.job_id).path
    return job


def job_canceled(context: Context, kind: Kind, job_id: str) -> Job:
    """Ask for a job's end.

    Raises:
        UnknownJobError: there is none of this kind.
        JobConflictError: it has finished or failed already.
    """
    job = context.jobs.request_cancel(job_of_kind(context, kind, job_id).job_id)
    if job.state == "canceled":  # it had not started: the sensor never sees it
        no_longer_wanted(context.home, context.jobs, job)
    return job


def jobs_page(
    context: Context, kind: Kind, state: State | None, page: PageRequest
) -> Page[JobSummary]:
    """One page of jobs, newest first; the cursor is the id of the last one."""
    found = context.jobs.list(kind, state, page.limit + 1, page.cursor)
    shown = found[: page.limit]
    more = len(found) > page.limit
    return Page[JobSummary](
        items=[summary_of(job) for job in shown], next=shown[-1].job_id if more else None
    )


def _shown(job: Job) -> ShownState:
    return "canceling" if job.cancel_requested and job.live else job.state
