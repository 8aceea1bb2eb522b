"""What a job is: the request, its verdict, and the errors of asking for one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from audio_assets.errors import ConflictError, NotFoundError

Kind = Literal["processing", "clustering"]
State = Literal["queued", "running", "finished", "failed", "canceled"]
LIVE: tuple[State, ...] = ("queued", "running")
STATES: tuple[State, ...] = get_args(State)


class JobConflictError(ConflictError):
    """A key that was used for another request, or a job that can no longer be canceled."""


class UnknownJobError(NotFoundError):
    """There is no job of that id."""


@dataclass(frozen=True)
class Job:
    """One request and how far its verdict is; what its runs do is Dagster's to tell.

    Attributes:
        job_id: a UUID, version 4.
        kind: "processing" or "clustering".
        request: what was asked for, resolved: nothing of it depends on later defaults.
        request_hash: SHA-256 of kind and request.
        state: "queued" until the sensor takes it, then "running", then one of the three ends.
        created: UTC.
        updated: UTC, of the last change of this record.
        cancel_requested: whether somebody asked to stop it.
        error: why it failed, for people; None otherwise.
    """

    job_id: str
    kind: Kind
    request: dict[str, Any]
    request_hash: str
    state: State
    created: datetime
    updated: datetime
    cancel_requested: bool
    error: str | None

    @property
    def live(self) -> bool:
        return self.state in LIVE


def canonical(kind: Kind, request: dict[str, Any]) -> tuple[str, str]:
    """A request as JSON that is equal for equal requests, and its SHA-256 with the kind."""
    text = json.dumps(request, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text, hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()
