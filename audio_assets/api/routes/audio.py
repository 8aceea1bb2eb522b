"""GET /audio/…: recordings, their metadata, their bytes and their spectrograms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Body, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from audio_assets.api.at_most import MOST_COLUMNS, AtMost
from audio_assets.api.audio_item import (
    AtPath,
    AudioDetail,
    AudioId,
    AudioItem,
    InFolder,
    detail_of,
    item_of,
)
from audio_assets.api.byte_ranges import UnsatisfiableRangeError, parse_range, pieces
from audio_assets.api.context import Context, Shared
from audio_assets.api.head import WITHOUT_BODY
from audio_assets.api.pages import Page, Paging, page_of
from audio_assets.api.problems import ProblemError, documented
from audio_assets.bounding_box import BoundingBox
from audio_assets.catalogue.editing import Value, edit_metadata
from audio_assets.catalogue.entries import Entry, EntryFilter
from audio_assets.folders import FolderRegistry

router = APIRouter(prefix="/audio", tags=["audio"])

CONTENT_TYPES = {
    "WAV": "audio/wav", "WAVEX": "audio/wav", "RF64": "audio/wav", "FLAC": "audio/flac",
    "OGG": "audio/ogg", "MP3": "audio/mpeg", "AIFF": "audio/aiff", "AU": "audio/basic",
    "MOV": "audio/mp4", "AAC": "audio/aac", "CAF": "audio/x-caf",
}  # fmt: skip
NUMBER = r"-?\d{1,3}(\.\d{1,12})?"
BOX = rf"^{NUMBER},{NUMBER},{NUMBER},{NUMBER}$"
INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox",
}
"""For bytes that came from outside: a browser must not take them for a page."""
RAW_BYTES = {"content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}


def _no_number(value: object) -> object:
    """Refuse what pydantic would take for seconds since 1970; the description says ISO 8601."""
    try:
        float(str(value))
    except ValueError:
        return value
    raise PydanticCustomError("moment", "a date and time is wanted, such as 2026-01-31T12:00:00Z")


Moment = Annotated[datetime, BeforeValidator(_no_number)]


@router.get("/", response_model=Page[AudioItem], summary="List recordings")
def list_audio(
    context: Shared,
    page: Paging,
    folder: Annotated[list[str] | None, Query(description="Keys of folders")] = None,
    label: Annotated[list[str] | None, Query(description="Labels")] = None,
    status: Literal["ok", "failed", "duplicate"] | None = None,
    since: Annotated[
        Moment | None, Query(description="Still recording then or later; UTC if it says nothing")
    ] = None,
    before: Annotated[Moment | None, Query(description="Began before then")] = None,
    bbox: Annotated[
        str | None,
        Query(
            pattern=BOX, description="west,south,east,north in degrees", examples=["-10,50,5,60"]
        ),
    ] = None,
) -> Page[AudioItem]:
    """Recordings of all folders, sorted by folder and path."""
    wanted = EntryFilter(
        folders=frozenset(folder or ()),
        labels=frozenset(label or ()),
        status=status,
        since=_utc(since),
        before=_utc(before),
        box=None if bbox is None else BoundingBox.of(bbox),
    )
    entries, cursor = page_of(context.catalogue.entries(wanted), lambda e: e.key, page)
    return Page[AudioItem](items=[item_of(entry) for entry in entries], next=cursor)


@router.get("/{id}", response_model=AudioDetail, summary="One recording")
def get_audio(
    id: AudioId, context: Shared, folder: InFolder = None, path: AtPath = None
) -> AudioDetail:
    """A recording by its id, with the other places of the same bytes."""
    return detail_of(*context.catalogue.find(id, folder, path))


@router.put("/{id}/metadata", response_model=AudioDetail, summary="Edit metadata")
def put_metadata(
    id: AudioId,
    context: Shared,
    changes: Annotated[
        dict[str, Value],
        AtMost(MOST_COLUMNS),
        Body(
            max_length=MOST_COLUMNS,
            examples=[{"label": "humpback", "lat": 20.8, "lon": -156.6, "site": "north"}],
        ),
    ],
    folder: InFolder = None,
    path: AtPath = None,
) -> AudioDetail:
    """Set columns; null empties one, columns not named stay. It survives every later run.

    Standard columns: label, category, major_group, target, fold, lat and lon (together), esc10,
    src_file, take, start_time (ISO 8601). Any other name makes a column of text.
    """
    entry, _ = context.catalogue.find(id, folder, path)
    edit_metadata(context.home, entry.folder, entry.path, changes, entry.metadata)
    return detail_of(*context.catalogue.find(id, entry.folder, entry.path))


@router.get(
    "/{id}/raw",
    summary="The file itself",
    response_class=StreamingResponse,
    responses={
        200: {"description": "All of it", **RAW_BYTES},
        206: {"description": "The range asked for", **RAW_BYTES},
        **documented(416),
    },
)
def get_raw(
    id: AudioId,
    context: Shared,
    request: Request,
    folder: InFolder = None,
    path: AtPath = None,
    byte_range: Annotated[
        str | None, Header(alias="Range", description="One range", examples=["bytes=0-1023"])
    ] = None,
    if_range: Annotated[str | None, Header(description="ETag that the range is of")] = None,
) -> Response:
    """The bytes as they are; `Range` gives a part of them."""
    entry, _ = context.catalogue.find(id, folder, path)
    file = file_of(context, entry)
    size = file.stat().st_size
    etag = f'"{entry.recording_id}"'
    headers = {
        **INERT,
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(entry.name, safe='')}",
    }
    try:
        part = parse_range(byte_range, size) if if_range in (None, etag) else None
    except UnsatisfiableRangeError:
        raise ProblemError(
            416,
            f"The file has {size} bytes; the range lies behind them.",
            headers={"Content-Range": f"bytes */{size}"},
        ) from None
    first, end = part or (0, size)
    headers["Content-Length"] = str(end - first)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    kind = CONTENT_TYPES.get(entry.format or "", "application/octet-stream")
    read_until = first if request.scope.get(WITHOUT_BODY) else end
    return StreamingResponse(
        pieces(file, first, read_until), 206 if part else 200, headers, media_type=kind
    )


def file_of(context: Context, entry: Entry) -> Path:
    """The file of a recording, when it may be read and still is what was looked at.

    Raises:
        ProblemError: 403 outside the directories that may be read, 404 gone, 409 changed.
    """
    root = FolderRegistry(context.home).get(entry.folder).root
    file = context.readable(root / entry.path)
    try:
        status = file.stat()
    except OSError:
        raise ProblemError(404, f"The file {entry.key!r} is not there any more.") from None
    same_time = entry.mtime_ns in (None, status.st_mtime_ns)
    if status.st_size != entry.bytes or not same_time:
        raise ProblemError(
            409, f"The file {entry.key!r} has changed since it was looked at; run its folder again."
        )
    return file


def _utc(time: datetime | None) -> datetime | None:
    if time is None or time.tzinfo is not None:
        return time
    return time.replace(tzinfo=UTC)
