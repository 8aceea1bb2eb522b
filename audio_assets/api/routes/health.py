"""GET /health and GET /metrics, and the description for people."""

from __future__ import annotations

import uuid
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from audio_assets.api.context import Context, Shared
from audio_assets.api.docs_page import docs_page
from audio_assets.api.problems import RETRY_AFTER
from audio_assets.storage import TEMPORARY

router = APIRouter(tags=["health"])

PATIENCE_S = 1.0
"""Opening Dagster's state for the first time may take longer than a probe of health waits."""


class Check(BaseModel):
    """One part."""

    ok: bool
    detail: str


class Health(BaseModel):
    """Whether the API can do its work."""

    status: Literal["ok", "failing"]
    version: str
    checkpoint: str = Field(description="The default one")
    home: Check = Field(description="Whether the home can be written")
    dagster: Check = Field(description="Whether Dagster's own state can be read")
    mongod: Check = Field(description="FiftyOne's database; started when needed, never by this")


@router.get(
    "/health",
    response_model=Health,
    summary="Health",
    responses={503: {"description": "Something that is needed fails", "model": Health}},
)
def health(context: Shared, request: Request, response: Response) -> Health:
    """Home, Dagster, database: 503 when one of the first two fails; a stopped mongod is fine."""
    home, dagster, mongod = _home(context), _dagster(context), _mongod(context)
    fine = home.ok and dagster.ok
    response.status_code = 200 if fine else 503
    if not fine:
        response.headers.update(RETRY_AFTER)
    return Health(
        status="ok" if fine else "failing", version=request.app.version,
        checkpoint=context.settings.checkpoint, home=home, dagster=dagster, mongod=mongod,
    )  # fmt: skip


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Requests and their times, jobs by state, folders, recordings, windows, uploads."""
    text = generate_latest(request.app.state.metrics.registry)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """The description as a page that needs no network and no script."""
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HTMLResponse(docs_page(request.app.openapi()), headers=headers)


def _home(context: Context) -> Check:
    probe = context.home.work / f"{TEMPORARY}health-{uuid.uuid4().hex}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Check(ok=False, detail=f"cannot be written: {error.strerror}")
    return Check(ok=True, detail="can be written")


def _dagster(context: Context) -> Check:
    try:
        instance = context.instance_within(PATIENCE_S)
        if instance is None:
            return Check(ok=True, detail="is being opened")
        runs = instance.get_runs_count()
    except Exception as error:  # whatever its storage raises is the finding
        return Check(ok=False, detail=f"cannot be read: {type(error).__name__}")
    return Check(ok=True, detail=f"can be read; {runs} runs")


def _mongod(context: Context) -> Check:
    from audio_assets.explore.mongod import database_status

    status = database_status(context.home)
    return Check(ok=status.usable, detail="runs" if status.running else "not running")
