"""A recording as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from audio_assets.catalogue.entries import Entry

EXAMPLE = {
    "id": "0f2c…64 hex digits", "name": "humpback.wav", "folder": "uploads",
    "path": "0f2c5b8a91d0e377.wav", "status": "ok", "ingested": True, "bytes": 1_920_044,
    "format": "WAV", "subtype": "PCM_16", "sample_rate": 16_000, "channels": 1,
    "duration_s": 60.0, "start_time": "2026-03-01T04:00:00Z", "warning": None, "reason": None,
    "duplicate_of": None, "metadata": {"label": "humpback", "original_name": "humpback.wav"},
}  # fmt: skip


class AudioItem(BaseModel):
    """One recording in one folder."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: str | None = Field(description="SHA-256 of the bytes; null where they cannot be read")
    name: str = Field(description="The name that it was uploaded under, else that of the file")
    folder: str
    path: str = Field(description="Relative to the folder")
    status: Literal["ok", "failed", "duplicate"]
    ingested: bool = Field(description="Whether a run has seen it")
    bytes: int
    format: str | None
    subtype: str | None
    sample_rate: int | None = Field(description="Hz")
    channels: int | None
    duration_s: float | None
    start_time: datetime | None = Field(description="UTC")
    warning: str | None = Field(description="What is odd about it")
    reason: str | None = Field(description="Why it cannot be used")
    duplicate_of: str | None = Field(description="Path of the first file with the same bytes")
    metadata: dict[str, Any] = Field(description="Label, place and every custom column")


class Place(BaseModel):
    """Where else the same bytes lie."""

    folder: str
    path: str
    status: str


class AudioDetail(AudioItem):
    """One recording, and where else the same bytes lie."""

    also: list[Place]


AudioId = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{16}([0-9a-f]{48})?$",
        description="`id` of a recording, or its first 16 digits",
        examples=["0f2c5b8a91d0e377"],
    ),
]
InFolder = Annotated[
    str | None, Query(max_length=100, description="Which folder, where several hold the same bytes")
]
AtPath = Annotated[
    str | None, Query(max_length=4096, description="Which path, where a folder holds them twice")
]


def item_of(entry: Entry) -> AudioItem:
    """An entry of the catalogue as the API shows it."""
    return AudioItem.model_validate(_fields(entry))


def detail_of(entry: Entry, others: list[Entry]) -> AudioDetail:
    """An entry with the other places of its bytes."""
    also = [Place(folder=e.folder, path=e.path, status=e.status) for e in others]
    return AudioDetail.model_validate({**_fields(entry), "also": also})


def _fields(entry: Entry) -> dict[str, Any]:
    return {**vars(entry), "id": entry.recording_id, "name": entry.name}
