"""How a folder's recorder kept time, as a request says it: zone, offset and drift of its clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from audio_assets.errors import UsageError
from audio_assets.recordings.clock import ClockCorrection, Drift, Offset
from audio_assets.recordings.times import time_zone


class FolderTimes(BaseModel):
    """Settings of a folder that turn the times in its file names into UTC; all may be left out.

    A folder's own pattern for start times is no part of it: an expression that comes over the
    network could keep the server busy for ever.
    """

    model_config = ConfigDict(frozen=True)

    time_zone: str | None = Field(
        None, min_length=1, max_length=100, examples=["Europe/Oslo"],
        description="Of the recorder's clock: IANA name, or an offset such as +02:00",
    )  # fmt: skip
    clock_offset_s: Offset | None = Field(
        None, description="Seconds that the recorder's clock was ahead of UTC; negative: behind"
    )
    clock_drift_s_per_day: Drift | None = Field(None, description="What it gains per day")
    clock_drift_ppm: Drift | None = Field(None, description="The same in millionths; one of both")
    clock_reference: datetime | None = Field(
        None, description="When the offset held, with its own offset from UTC; a drift needs it"
    )

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                time_zone(name)
        except UsageError as error:
            raise ValueError(str(error)) from error
        return name

    @field_validator("clock_reference", mode="before")
    @classmethod
    def _no_number(cls, value: object) -> object:
        """Refuse what pydantic would take for seconds since 1970."""
        if isinstance(value, (int, float)) or (
            isinstance(value, str) and value.lstrip("+-").replace(".", "", 1).isdigit()
        ):
            raise ValueError("a date and time is wanted, such as 2026-01-31T12:00:00Z")
        return value

    @model_validator(mode="after")
    def _clock_is_certain(self) -> Self:
        _ = self.clock
        return self

    @property
    def clock(self) -> ClockCorrection | None:
        """The correction; None where nothing of it is given.

        Raises:
            ValueError: (pydantic's) the parts do not make a correction.
        """
        fields = {
            "offset_s": self.clock_offset_s,
            "drift_s_per_day": self.clock_drift_s_per_day,
            "drift_ppm": self.clock_drift_ppm,
            "reference": self.clock_reference,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        return ClockCorrection.model_validate(given) if given else None

    def settings(self) -> dict[str, Any]:
        """What of it is given, as fields of `AudioFolder`."""
        fields = {"timezone": self.time_zone, "clock": self.clock}
        return {name: value for name, value in fields.items() if value is not None}


UNCHANGED = FolderTimes.model_validate({})
