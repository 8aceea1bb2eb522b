"""/processing/…: jobs that ingest and encode folders, and the embedding sets they make."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask

from audio_assets.api.context import Shared
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
from audio_assets.api.pages import Page, Paging, page_of
from audio_assets.api.problems import documented
from audio_assets.embedding_sets import EmbeddingSet, get_embedding_set, list_embedding_sets
from audio_assets.jobs.requests import ProcessingRequest, resolve_processing

router = APIRouter(prefix="/processing", tags=["processing"])

PARQUET: dict[str, Any] = {
    "content": {
        "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}}
    }
}
SetId = Annotated[str, Path(max_length=200, examples=["0f3a…-9c1b…-whales"])]


class EmbeddingSetItem(BaseModel):
    """The vectors of one recording of one folder under one encoding signature."""

    id: str
    folder: str
    checkpoint: str
    recording_id: str
    path: str = Field(description="Of the recording, relative to its folder")
    encoding_signature: str = Field(description="Equal signatures: one space")
    dim: int
    windows: int
    window_s: float
    hop_s: float
    policy: str
    start_time: datetime | None


@router.post(
    "/jobs", response_model=JobDetail, status_code=202, responses=REPLAYED, summary="Ask for a job"
)
def create_job(
    wanted: ProcessingRequest,
    context: Shared,
    request: Request,
    response: Response,
    key: IdempotencyKey = None,
) -> JobDetail:
    """Ingest and encode a folder, or the folders of some recordings, with one checkpoint.

    Two identical requests at once are one job. What is computed already is not computed again.
    """
    resolved = resolve_processing(context.home, context.settings, wanted)
    job = job_asked_for(context, "processing", resolved, key, request, response)
    return job_detail(context, job)


@router.get("/jobs", response_model=Page[JobSummary], summary="List jobs")
def list_jobs(context: Shared, page: Paging, state: OfState = None) -> Page[JobSummary]:
    """Processing jobs, newest first."""
    return jobs_page(context, "processing", state, page)


@router.get("/jobs/{job_id}", response_model=JobDetail, summary="One job with its progress")
def get_job(job_id: UUID, context: Shared) -> JobDetail:
    """State, progress and results."""
    return job_detail(context, job_of_kind(context, "processing", str(job_id)))


@router.post(
    "/jobs/{job_id}/cancel", response_model=JobDetail, status_code=202, summary="Cancel a job"
)
def cancel_job(job_id: UUID, context: Shared) -> JobDetail:
    """Stop a job; finished work is kept, and the same request later goes on from there.

    A job that waits is canceled at once. Of one that runs, the state is `canceling` until its runs
    have stopped. What was never encoded is not encoded by the folder's automation either.
    """
    return job_detail(context, job_canceled(context, "processing", str(job_id)))


@router.get("/embedding-sets", response_model=Page[EmbeddingSetItem], summary="List embedding sets")
def list_sets(
    context: Shared,
    page: Paging,
    folder: Annotated[str | None, Query(max_length=100, description="Key of a folder")] = None,
    checkpoint: Annotated[str | None, Query(max_length=100)] = None,
    recording_id: Annotated[str | None, Query(pattern="^[0-9a-f]{16,64}$")] = None,
) -> Page[EmbeddingSetItem]:
    """Embedding sets, sorted by id."""
    found = [
        one
        for one in list_embedding_sets(context.home, folder, checkpoint)
        if recording_id is None or one.recording_id.startswith(recording_id)
    ]
    shown, cursor = page_of(sorted(found, key=lambda s: s.id), lambda s: s.id, page)
    return Page[EmbeddingSetItem](items=[_item(one) for one in shown], next=cursor)


@router.get("/embedding-sets/{id}", response_model=EmbeddingSetItem, summary="One embedding set")
def get_set(id: SetId, context: Shared) -> EmbeddingSetItem:
    """What it is; its vectors are at `…/download`."""
    return _item(get_embedding_set(context.home, id))


@router.get(
    "/embedding-sets/{id}/download",
    response_class=FileResponse,
    responses={200: PARQUET, **documented(404)},
    summary="The vectors of an embedding set",
)
def download_set(id: SetId, context: Shared) -> FileResponse:
    """A Parquet file: window_id, recording_id, start_s, end_s, encoding_signature, embedding."""
    from audio_assets.embedding_set_file import write_embedding_set

    path = write_embedding_set(context.home, id)
    return FileResponse(
        path,
        media_type="application/vnd.apache.parquet",
        filename=f"{id}.parquet",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


def _item(found: EmbeddingSet) -> EmbeddingSetItem:
    return EmbeddingSetItem.model_validate(vars(found))
