"""Errors as `application/problem+json` (RFC 9457): one table from domain errors to statuses."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from audio_assets.api.head import WITHOUT_BODY
from audio_assets.embedding_sets import EmbeddingSetNotFoundError, IncompatibleSetsError
from audio_assets.errors import (
    AudioAssetsError,
    CheckpointError,
    ConflictError,
    DatabaseError,
    EncodingError,
    MetadataError,
    NotFoundError,
    NotMaterializedError,
    RecordingError,
    SettingsError,
    StorageError,
    UsageError,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:audio-assets:problem:"

STATUS_OF: tuple[tuple[type[AudioAssetsError], int], ...] = (
    (EmbeddingSetNotFoundError, 404),
    (NotFoundError, 404),
    (IncompatibleSetsError, 409),
    (ConflictError, 409),
    (NotMaterializedError, 409),
    (SettingsError, 500),
    (UsageError, 422),
    (RecordingError, 422),
    (MetadataError, 422),
    (CheckpointError, 422),
    (EncodingError, 422),
    (DatabaseError, 503),
    (StorageError, 503),
    (AudioAssetsError, 500),
)
"""The first class that fits gives the status; sub-classes stand before their bases."""

RETRY_AFTER = {"Retry-After": "5"}
"""Goes with every 503: a lock, a disk or a database that may be there again in a moment."""

MOST_ERRORS = 20
"""Fields that are named, of those that do not fit; a body can hold a hundred thousand of them."""

NAME_ERRORS = {errno.ENAMETOOLONG, errno.ELOOP, errno.EILSEQ, errno.EINVAL}


class FieldProblem(BaseModel):
    """One field that does not fit."""

    field: str = Field(description="Where: `body.k`, `query.limit`, `path.id`")
    message: str = Field(description="What was expected")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=[f"{TYPE_PREFIX}not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no recording 'abc'."])
    errors: list[FieldProblem] | None = Field(None, description="The fields, where some do not fit")


class ProblemError(Exception):
    """An error of the interface itself; further members go into the reply as they are."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.members = status, detail, headers, members


def problem_response(
    status: int, detail: str, *, headers: dict[str, str] | None = None, **members: Any
) -> JSONResponse:
    """A problem as a response; `members` are further members of the object."""
    phrase = HTTPStatus(status).phrase
    content = {
        "type": TYPE_PREFIX + phrase.lower().replace(" ", "-"),
        "title": phrase,
        "status": status,
        "detail": detail,
        **members,
    }
    told = {**RETRY_AFTER, **(headers or {})} if status == 503 else headers
    return JSONResponse(content, status, headers=told, media_type=MEDIA_TYPE)


def unfit(errors: Sequence[Mapping[str, Any]], place: tuple[str, ...] = ()) -> ProblemError:
    """What pydantic found in a request, as a problem.

    Args:
        errors: its errors; the first ones are named.
        place: what stands before their fields.
    """
    fields = [
        {"field": ".".join(map(str, (*place, *e["loc"])))[:200], "message": e["msg"][:500]}
        for e in errors[:MOST_ERRORS]
    ]
    detail = "; ".join(f"{f['field']}: {f['message']}" for f in fields[:5])
    more = f" and {len(errors) - 5} more" if len(errors) > 5 else ""
    return ProblemError(422, f"The request does not fit: {detail}{more}.", errors=fields)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses for the problems that an operation may answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def status_of(error: AudioAssetsError) -> int:
    """The HTTP status of a domain error."""
    return next(status for kind, status in STATUS_OF if isinstance(error, kind))


def install_handlers(app: FastAPI) -> None:
    """Let every error of an app leave as a problem, never as a traceback."""

    @app.exception_handler(AudioAssetsError)
    def _domain(request: Request, error: AudioAssetsError) -> JSONResponse:
        status = status_of(error)
        if status >= 500:
            log.error("%s %s: %s", request.method, request.url.path, error)
        return problem_response(status, str(error))

    @app.exception_handler(ProblemError)
    def _problem(request: Request, error: ProblemError) -> JSONResponse:
        return problem_response(error.status, error.detail, headers=error.headers, **error.members)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        detail = str(error.detail)
        if error.status_code == 404 and detail == "Not Found":
            detail = (
                f"There is nothing at {request.url.path}. GET /openapi.json lists what there is."
            )
        headers = dict(error.headers) if error.headers else None
        if error.status_code == 405:
            asked = "HEAD" if request.scope.get(WITHOUT_BODY) else request.method
            detail = f"{asked} is not possible at {request.url.path}."
            headers = {**(headers or {}), "Allow": ", ".join(_methods_at(request))}
        return problem_response(error.status_code, detail, headers=headers)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        if _wants_json(request, error):
            found = request.headers.get("content-type", "nothing")
            return problem_response(
                415, f"This needs a body of type application/json, not {found[:100]}."
            )
        problem = unfit(error.errors())
        return problem_response(problem.status, problem.detail, **problem.members)

    @app.exception_handler(ClientDisconnect)
    def _gone(request: Request, error: ClientDisconnect) -> JSONResponse:
        return problem_response(400, "The request broke off.")

    @app.exception_handler(SQLAlchemyError)
    def _database(request: Request, error: SQLAlchemyError) -> JSONResponse:
        log.error("%s %s: %s", request.method, request.url.path, error)
        return problem_response(503, "The database of jobs and runs did not answer in time.")

    @app.exception_handler(OSError)
    def _system(request: Request, error: OSError) -> JSONResponse:
        if error.errno in NAME_ERRORS:
            return problem_response(
                422, "A name in the request is longer than a file's can be, or no name at all."
            )
        log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem_response(503, f"The server could not read or write: {error.strerror}.")

    @app.exception_handler(Exception)
    def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem_response(
            500, "Something unforeseen went wrong; the log of the server has the details."
        )


def _methods_at(request: Request) -> list[str]:
    """The described methods of a path; Starlette names those of its first route alone."""
    app: FastAPI = request.app
    described: dict[str, dict[str, Any]] = app.openapi()["paths"]
    here = described.get(request.url.path) or next(
        (item for path, item in described.items()
         if compile_path(path)[0].fullmatch(request.url.path)), {},
    )  # fmt: skip
    methods = {method.upper() for method in here}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def _wants_json(request: Request, error: RequestValidationError) -> bool:
    """Whether the body was refused because it was not sent as JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    about_body = any(e["loc"][:1] == ("body",) for e in error.errors())
    sent = request.headers.get("content-length") not in (None, "0")
    is_json = kind == "application/json" or kind.endswith("+json")
    return about_body and sent and not is_json
