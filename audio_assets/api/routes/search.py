"""POST /search: the windows that sound most like a window, a clip or a vector."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema
from starlette.concurrency import run_in_threadpool

from audio_assets.api.at_most import AtMost
from audio_assets.api.context import Context, Shared
from audio_assets.api.problems import ProblemError, documented, unfit
from audio_assets.api.receiving import Form, received_form
from audio_assets.api.routes.spectrogram import WINDOW
from audio_assets.bounding_box import BoundingBox
from audio_assets.catalogue.editing import Value
from audio_assets.catalogue.entries import Entry, EntryFilter
from audio_assets.errors import NotFoundError
from audio_assets.folders import FolderRegistry
from audio_assets.home import SLUG
from audio_assets.radio.query import refuse_clips
from audio_assets.recordings.clock import window_start_times
from audio_assets.schemas import UTC
from audio_assets.searching import Hit, nearest, vector_of

router = APIRouter(tags=["search"])

CLIP_BYTES = 200_000_000
Key = Annotated[str, Field(pattern=rf"^{SLUG.pattern}$")]
Degrees = Annotated[float, Field(ge=-180, le=180)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Keys = Annotated[list[Key], Field(max_length=1000, fail_fast=True)]
Vector = Annotated[list[Finite], Field(min_length=1, max_length=100_000, fail_fast=True)]


class Where(BaseModel):
    """Where to search, and what may be found."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(20, ge=1, le=1000, description="How many")
    folders: Annotated[list[Key], Field(max_length=1000, fail_fast=True)] | SkipJsonSchema[None] = (
        Field(None, description="Keys of folders of one encoding signature; else all")
    )
    checkpoint: Key | SkipJsonSchema[None] = Field(None, description="The default one if not given")
    where: Annotated[dict[str, Value], AtMost(20)] = Field(
        default_factory=dict, max_length=20, description="Metadata columns and the values wanted"
    )
    bbox: tuple[Degrees, Degrees, Degrees, Degrees] | SkipJsonSchema[None] = Field(
        None, description="west, south, east, north in degrees"
    )


class SearchRequest(Where):
    """A search by a window or by a vector; send a clip as a form."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": [{"required": ["window_id"]}, {"required": ["vector"]}],
            "example": {
                "window_id": "0f2c5b8a91d0e377@0+80000", "k": 10, "where": {"label": "humpback"},
            },
        },
    )  # fmt: skip

    window_id: Annotated[str, Field(pattern=WINDOW)] | SkipJsonSchema[None] = Field(
        None, description="A window with an embedding; it is not among its own results"
    )
    vector: (
        Annotated[list[Finite], Field(min_length=1, max_length=100_000, fail_fast=True)]
        | SkipJsonSchema[None]
    ) = Field(None, description="A vector of the checkpoint's length")

    @model_validator(mode="after")
    def _one_query(self) -> SearchRequest:
        if (self.window_id is None) == (self.vector is None):
            raise ValueError("give exactly one of window_id and vector, or a clip as a form")
        return self


class Result(BaseModel):
    """One window found."""

    window_id: str
    score: float = Field(description="Cosine, -1 to 1")
    folder: str
    recording_id: str
    path: str | None
    start_s: float
    end_s: float
    start_time: datetime | None = Field(description="Of the window, UTC")
    metadata: dict[str, Any]
    spectrogram: str = Field(description="Where its picture is")


class Results(BaseModel):
    """Windows in descending order of their score."""

    checkpoint: str
    encoding_signature: str
    folders: list[str] = Field(description="Searched")
    items: list[Result]


FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A clip of at most 60 s"},
        "query": {"type": "string", "description": "JSON: k, folders, checkpoint, where, bbox"},
    },
}


@router.post(
    "/search",
    response_model=Results,
    summary="Search by example",
    responses=documented(400, 413, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": SearchRequest.model_json_schema(
                        ref_template="#/components/schemas/{model}"
                    )
                },
                "multipart/form-data": {"schema": FORM},
            },
        }
    },
)
async def search(request: Request, context: Shared) -> Results:
    """Exact search by cosine, across all folders of one encoding signature.

    By `window_id` or `vector` as JSON, or by a clip as `multipart/form-data` with the field `file`
    and, in the field `query`, the same JSON without them. Folders that were encoded differently
    are refused together: their vectors have no common space.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        wanted = await run_in_threadpool(_parsed, SearchRequest, await request.body())
        return await run_in_threadpool(_search, context, wanted, None)
    if kind == "multipart/form-data":
        most = min(CLIP_BYTES, context.upload_bytes)
        async with received_form(request, context.home, most) as form:
            given = form.fields.get("query", "{}").encode()
            where = await run_in_threadpool(_parsed, Where, given)
            return await run_in_threadpool(_search, context, where, form)
    raise ProblemError(415, "Send application/json, or a clip as multipart/form-data.")


def _parsed(model: type[Where], body: bytes) -> Where:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise unfit(error.errors(include_input=False), ("body",)) from error


def _search(context: Context, wanted: Where, clip: Form | None) -> Results:
    checkpoint = wanted.checkpoint or context.settings.checkpoint
    spaces = context.spaces.open(wanted.folders, checkpoint)
    window = getattr(wanted, "window_id", None)
    if clip is not None:
        refuse_clips(context.home, [space.folder for space in spaces])
        query = _clip_vector(context, clip, checkpoint)
    elif window is not None:
        query = vector_of(spaces, window)
    else:
        with np.errstate(over="ignore"):  # too large a number is refused as infinite
            query = np.asarray(getattr(wanted, "vector", []), np.float32)
    folders = [space.folder for space in spaces]
    only = _recordings(context, wanted, folders) if wanted.where or wanted.bbox else None
    hits = nearest(spaces, query, wanted.k, only=only, leave_out=window)
    return Results(
        checkpoint=checkpoint,
        encoding_signature=spaces[0].signature,
        folders=folders,
        items=_results(context, hits),
    )


def _clip_vector(context: Context, clip: Form, checkpoint: str) -> np.ndarray:
    if clip.file is None:
        raise ProblemError(422, "The form has no file. Send the clip in the field 'file'.")
    return context.encoders.encode_clip(checkpoint, clip.file)


def _recordings(context: Context, wanted: Where, folders: list[str]) -> dict[str, set[str]]:
    """Recordings that the filters keep, by folder."""
    kept: dict[str, set[str]] = {}
    box = None if wanted.bbox is None else BoundingBox.of(wanted.bbox)
    for entry in context.catalogue.entries(EntryFilter(folders=frozenset(folders), box=box)):
        if all(_equal(entry.metadata.get(c), v) for c, v in wanted.where.items()):
            kept.setdefault(entry.folder, set()).add(str(entry.recording_id))
    return kept


def _equal(cell: Any, value: Value) -> bool:
    """Equality across the JSON's types and those of a column of text."""
    if isinstance(cell, str) and value is not None and not isinstance(value, bool):
        return cell == str(value)
    return cell == value and isinstance(cell, bool) == isinstance(value, bool)


def _results(context: Context, hits: list[Hit]) -> list[Result]:
    registered = FolderRegistry(context.home).load()
    found: list[Result] = []
    for hit in hits:
        space, row = hit.space, hit.row
        entry = _entry(context, hit)
        start = None
        if entry is not None and entry.start_time is not None:
            times = pa.chunked_array([pa.array([entry.start_time], UTC)])
            clock = registered[space.folder].clock
            start = window_start_times(times, space.start_s[row : row + 1], clock)[0].as_py()
        found.append(
            Result(
                window_id=hit.window_id, score=hit.score, folder=space.folder,
                recording_id=hit.recording_id, path=entry.path if entry else None,
                start_s=float(space.start_s[row]), end_s=float(space.end_s[row]),
                start_time=start, metadata=entry.metadata if entry else {},
                spectrogram=(
                    f"/audio/{hit.recording_id[:16]}/spectrogram?folder={space.folder}"
                    f"&window_id={hit.window_id.replace('+', '%2B')}"
                ),
            )
        )  # fmt: skip
    return found


def _entry(context: Context, hit: Hit) -> Entry | None:
    """The recording of a window; None where it was removed since the vectors were computed."""
    try:
        return context.catalogue.find(hit.recording_id, hit.space.folder)[0]
    except NotFoundError:
        return None
