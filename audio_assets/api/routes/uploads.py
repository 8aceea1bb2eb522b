"""POST /audio/upload: a file as it streams in, or the name of one that stays where it is."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from audio_assets.api.at_most import MOST_COLUMNS, AtMost
from audio_assets.api.audio_item import AudioItem, item_of
from audio_assets.api.context import Context, Shared
from audio_assets.api.problems import ProblemError, documented, unfit
from audio_assets.api.receiving import Form, received_form
from audio_assets.catalogue.editing import Value
from audio_assets.catalogue.folder_times import FolderTimes
from audio_assets.catalogue.uploads import Sent, land, register_in_place
from audio_assets.home import SLUG
from audio_assets.recordings.listing import list_audio

router = APIRouter(prefix="/audio", tags=["audio"])

TEXT_COLUMNS = ("label", "start_time")
NUMBER_COLUMNS = ("lat", "lon")
TIMES = frozenset(FolderTimes.model_fields)
COLUMNS = TypeAdapter(Annotated[dict[str, Value], AtMost(MOST_COLUMNS)])
FORM = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "The recording"},
        "folder": {
            "type": "string", "pattern": SLUG.pattern, "description": "Upload folder; `uploads`",
        },
        "label": {"type": "string"},
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
        "start_time": {"type": "string", "format": "date-time"},
        "metadata": {"type": "string", "description": "JSON object of columns and values"},
        **{
            name: {"description": schema["description"], **schema["anyOf"][0]}
            for name, schema in FolderTimes.model_json_schema()["properties"].items()
        },
    },
}  # fmt: skip


class InPlace(FolderTimes):
    """A directory or file that stays where it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "path": "harbour-2026", "time_zone": "+01:00", "clock_offset_s": 12.5,
                "clock_drift_ppm": 1.7, "clock_reference": "2026-03-01T00:00:00Z",
            }
        },
    )  # fmt: skip

    path: str = Field(
        min_length=1, max_length=4096, description="Below the audio root; relative to it, or whole"
    )
    folder: str | None = Field(
        None, pattern=rf"^{SLUG.pattern}$", description="Key of the folder; else by its name"
    )


class Uploaded(BaseModel):
    """What there is now."""

    created: bool = Field(description="False when it was here already")
    folder: str = Field(description="Key of its folder; name it in a processing job")
    audio: AudioItem | None = Field(description="The recording; null for a whole directory")
    recordings: int | None = Field(description="Sound files of a directory, not looked into yet")


@router.get("/upload", include_in_schema=False)
def no_page() -> None:
    """Keep `/audio/{id}` from taking the word for an id."""
    raise HTTPException(405)


@router.post(
    "/upload",
    status_code=201,
    summary="Upload or register a recording",
    responses={
        200: {"description": "It was here already", "model": Uploaded},
        201: {"description": "It is new", "model": Uploaded},
        **documented(400, 413, 415),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": FORM},
                "application/json": {"schema": InPlace.model_json_schema()},
            },
        }
    },
)
async def upload(request: Request, response: Response, context: Shared) -> Uploaded:
    """Send a file as `multipart/form-data`, or name a path as `application/json`.

    A file goes into an upload folder of its own under `data/audio`, is stored under its hash,
    and is refused with a reason when it cannot be decoded or is too large or too long. The same
    bytes twice are one recording. A path is used in place and must lie below the audio root.
    Time zone and clock belong to the folder, and turn the times in file names into UTC.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        found = await run_in_threadpool(_register, context, await request.body())
    elif kind == "multipart/form-data":
        async with received_form(request, context.home, context.upload_bytes) as form:
            found = await run_in_threadpool(_land, context, form)
    else:
        raise ProblemError(
            415, "Send a file as multipart/form-data, or a path as application/json."
        )
    response.status_code = 201 if found.created else 200
    return found


def _land(context: Context, form: Form) -> Uploaded:
    if form.file is None:
        raise ProblemError(422, "The form has no file. Send one in the field 'file'.")
    folder = form.fields.get("folder") or None
    if folder is not None and not SLUG.fullmatch(folder):
        raise ProblemError(422, "folder: expected letters, digits, '.', '_' or '-'.")
    times = _times({name: form.fields[name] for name in TIMES & form.fields.keys()})
    sent = Sent(form.file, form.name, form.sha256, folder, _metadata(form.fields), times)
    seconds = context.settings.upload_max_hours * 3600
    entry, created = land(context.catalogue, sent, seconds)
    return Uploaded(created=created, folder=entry.folder, audio=item_of(entry), recordings=None)


def _metadata(fields: dict[str, str]) -> dict[str, Value]:
    """Columns that came with the file."""
    unknown = fields.keys() - {"folder", "metadata", *TIMES, *TEXT_COLUMNS, *NUMBER_COLUMNS}
    if unknown:
        raise ProblemError(422, f"The form has unknown fields: {', '.join(sorted(unknown))[:200]}.")
    given: dict[str, Value] = {}
    if fields.get("metadata"):
        try:
            given = COLUMNS.validate_json(fields["metadata"])
        except ValidationError as error:
            raise ProblemError(
                422, "metadata: expected a JSON object of columns and plain values."
            ) from error
    given |= {name: fields[name] for name in TEXT_COLUMNS if fields.get(name)}
    for name in NUMBER_COLUMNS:
        if fields.get(name):
            try:
                given[name] = float(fields[name])
            except ValueError:
                raise ProblemError(422, f"{name}: expected a number of degrees.") from None
    return given


def _times(fields: dict[str, str]) -> FolderTimes:
    """The recorder's clock that came with the file; an empty field is one that is not there."""
    try:
        return FolderTimes.model_validate({name: text for name, text in fields.items() if text})
    except ValidationError as error:
        raise unfit(error.errors(), ("form",)) from error


def _register(context: Context, body: bytes) -> Uploaded:
    try:
        wanted = InPlace.model_validate(_json(body))
    except ValidationError as error:
        raise unfit(error.errors(), ("body",)) from error
    if "\0" in wanted.path:
        raise ProblemError(422, "path: no path holds a NUL character.")
    path = context.readable(context.audio_root / wanted.path)
    if path in (context.audio_root, context.home.audio.resolve()):
        raise ProblemError(422, "path: name a directory or file below the audio root.")
    if any(part.startswith(".") for part in path.relative_to(path.anchor).parts[-1:]):
        raise ProblemError(422, "path: hidden files and directories are never recordings.")
    folder, entry, created = register_in_place(context.catalogue, path, wanted.folder, wanted)
    count = len(list_audio(folder.root)) if entry is None else None
    audio = item_of(entry) if entry is not None else None
    return Uploaded(created=created, folder=folder.key, audio=audio, recordings=count)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProblemError(422, "The body is not JSON.") from error
