"""What a recorder's clock was wrong by, and when a window of its recordings really began."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from audio_assets.errors import StorageError, UsageError
from audio_assets.schemas import UTC as UTC_TYPE

CLOCK_KEY = b"clock"
DAY_S = 86_400
LONGEST_OFFSET_S = 200 * 366 * DAY_S
LARGEST_DRIFT_PPM = 100_000

Offset = Annotated[float, Field(ge=-LONGEST_OFFSET_S, le=LONGEST_OFFSET_S, allow_inf_nan=False)]
Drift = Annotated[float, Field(allow_inf_nan=False)]


class ClockCorrection(BaseModel):
    """How far a recorder's clock was ahead of UTC, as a straight line through one reference time.

    With t by the recorder's clock, the true time is t - (offset_s + rate · (t - reference)).

    Attributes:
        offset_s: seconds that the clock was ahead at the reference time (always, without drift);
            negative where it was behind.
        drift_s_per_day: seconds that it gains per day; negative where it loses.
        drift_ppm: the same in millionths; only one of the two is given.
        reference: when `offset_s` held, by the recorder's clock, with its own offset from UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset_s: Offset = 0.0
    drift_s_per_day: Drift | None = None
    drift_ppm: Drift | None = None
    reference: datetime | None = None

    @field_validator("reference")
    @classmethod
    def _reference_is_certain(cls, time: datetime | None) -> datetime | None:
        if time is not None and time.tzinfo is None:
            raise ValueError("the reference time needs its offset from UTC, such as a Z at its end")
        return None if time is None else time.astimezone(UTC)

    @model_validator(mode="after")
    def _drift_is_certain(self) -> Self:
        if self.drift_ppm is not None and self.drift_s_per_day is not None:
            raise ValueError("give the drift in seconds per day or in ppm, not both")
        if abs(self.rate) > LARGEST_DRIFT_PPM / 1e6:
            raise ValueError(f"a drift of more than {LARGEST_DRIFT_PPM} ppm is no clock")
        if self.rate and self.reference is None:
            raise ValueError("a drift needs the reference time at which the offset held")
        return self

    @property
    def rate(self) -> float:
        """Seconds gained per second of the recorder's clock."""
        if self.drift_s_per_day is not None:
            return self.drift_s_per_day / DAY_S
        return (self.drift_ppm or 0.0) / 1e6

    def correct(self, time: datetime | None) -> datetime | None:
        """True time in UTC of a time by the recorder's clock; None where no calendar has it."""
        if time is None:
            return None
        elapsed = (time - self.reference).total_seconds() if self.reference else 0.0
        try:
            return time - timedelta(seconds=self.offset_s + self.rate * elapsed)
        except OverflowError:
            return None

    def to_json(self) -> str:
        """Canonical JSON: equal corrections give equal text."""
        return json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


NO_CORRECTION = ClockCorrection()


def clock_correction(
    offset_s: float | None = None, drift: str | None = None, reference: str | None = None
) -> ClockCorrection | None:
    """A correction from the words of a command line; None when nothing is given.

    Args:
        offset_s: seconds that the clock was ahead.
        drift: a number with its unit, `1.5 s/day` or `17 ppm`.
        reference: ISO time with an offset from UTC, `2019-05-22T00:00:00Z`.

    Raises:
        UsageError: a drift without a unit or reference, a time that is none.
    """
    if offset_s is None and drift is None and reference is None:
        return None
    fields: dict[str, Any] = {"offset_s": offset_s or 0.0, "reference": reference}
    if drift is not None:
        match = re.fullmatch(r"\s*([+-]?[\d.]+(?:e[+-]?\d+)?)\s*(ppm|s/d|s/day)\s*", drift, re.I)
        if match is None:
            raise UsageError(f"The clock drift {drift!r} needs a unit: '1.5 s/day' or '17 ppm'.")
        fields["drift_ppm" if match[2].lower() == "ppm" else "drift_s_per_day"] = match[1]
    try:
        return ClockCorrection.model_validate(fields)
    except ValidationError as error:
        said = "; ".join(e["msg"].removeprefix("Value error, ") for e in error.errors())
        raise UsageError(f"This clock correction cannot be used: {said}.") from error


def with_clock(recordings: pa.Table, clock: ClockCorrection) -> pa.Table:
    """Return `recordings` with the correction of their start times in the schema metadata."""
    metadata = {**(recordings.schema.metadata or {}), CLOCK_KEY: clock.to_json().encode()}
    return recordings.replace_schema_metadata(metadata)


def clock_of(recordings: pa.Table) -> ClockCorrection:
    """The correction that `with_clock` stored; none at all for a table without one.

    Raises:
        StorageError: when what is stored is not a correction.
    """
    text = (recordings.schema.metadata or {}).get(CLOCK_KEY)
    try:
        return ClockCorrection.model_validate_json(text) if text else NO_CORRECTION
    except ValidationError as error:
        raise StorageError(f"{text!r} is not a clock correction: {error}.") from error


def window_start_times(
    start_times: pa.Array | pa.ChunkedArray, start_s: np.ndarray, clock: ClockCorrection
) -> pa.ChunkedArray:
    """When each window began: the start of its recording, and what the clock gained since.

    Args:
        start_times: corrected start of each window's recording, timestamp in UTC, null if unknown.
        start_s: float [N], seconds from the start of the recording to the window.
        clock: the folder's correction; samples are taken to be paced by the clock that drifts.

    Returns:
        timestamp[us, UTC] [N]; null where the start is not known.
    """
    microseconds = np.rint(np.asarray(start_s, np.float64) * (1 - clock.rate) * 1e6)
    starts = pa.chunked_array(start_times) if isinstance(start_times, pa.Array) else start_times
    passed = pa.array(microseconds.astype(np.int64)).cast(pa.duration("us"))
    return pc.call_function("add", [starts.cast(UTC_TYPE), passed])
