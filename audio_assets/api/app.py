"""`create_app`: the FastAPI application of one home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.concurrency import run_in_threadpool

from audio_assets.api.body_limit import BodyLimit
from audio_assets.api.context import Context
from audio_assets.api.head import Head
from audio_assets.api.metrics import Measure, Metrics
from audio_assets.api.problems import Problem, documented, install_handlers
from audio_assets.api.receiving import remove_orphans
from audio_assets.api.routes import (
    audio,
    clustering,
    health,
    models,
    processing,
    search,
    spectrogram,
    uploads,
)
from audio_assets.api.security import Guard, check_binding
from audio_assets.settings import Settings

DESCRIPTION = """Recordings in, embeddings and clusters out. A job is one or more Dagster runs.

Errors are `application/problem+json` (RFC 9457). Lists take `limit` and `cursor` and answer
`{"items": […], "next": cursor or null}`. With a token set, every request needs
`Authorization: Bearer TOKEN`.
"""


def create_app(settings: Settings) -> FastAPI:
    """The application.

    Args:
        settings: of the home; `api_host` and `api_token` say who may call.

    Raises:
        SettingsError: it would be open to other machines without a token.
        UsageError: the home cannot be written.
    """
    check_binding(settings)
    context = Context(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(remove_orphans, context.home)
        yield
        await run_in_threadpool(context.close)

    app = FastAPI(
        title="audio_assets", version=code_version(), description=DESCRIPTION, lifespan=lifespan,
        docs_url=None, redoc_url=None,
        responses=documented(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
    )  # fmt: skip
    app.state.context = context
    install_handlers(app)
    for module in (uploads, audio, spectrogram, processing, clustering, search, models, health):
        app.include_router(module.router)
    app.add_middleware(Head)
    app.add_middleware(BodyLimit, upload_bytes=context.upload_bytes)
    app.add_middleware(Guard, settings=settings)
    app.state.metrics = Metrics(context)
    app.add_middleware(Measure, metrics=app.state.metrics)
    app.openapi = lambda: _openapi(app)
    return app


def code_version() -> str:
    """The installed version of the project."""
    try:
        return version("audio-assets")
    except PackageNotFoundError:
        return "0"


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description, with the schema of problems that the responses refer to."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = schema
    return app.openapi_schema
