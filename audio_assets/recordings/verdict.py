"""What was found out about one recording."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Verdict:
    """What `verify` found in a recording; the fields are those of the RECORDINGS schema."""

    recording_id: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    frames: int | None = None
    duration_s: float | None = None
    format: str | None = None
    subtype: str | None = None
    status: str = "failed"
    warning: str | None = None
    reason: str | None = None
