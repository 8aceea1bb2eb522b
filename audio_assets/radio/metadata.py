"""SigMF metadata, read and checked by the schema of the `sigmf` package; a misfit is named."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from audio_assets.errors import RecordingError, UsageError
from audio_assets.radio.datatype import Datatype, parse_datatype
from audio_assets.radio.extensions import check_extensions
from audio_assets.radio.json_tree import read_tree
from audio_assets.radio.misfit import place_of, refuse, short

NEEDS_SIGMF = 'SigMF needs an optional package: pip install "audio-assets[radio]"'
BIGGEST_BYTES = 256 << 20
HIGHEST_RATE = 2**31 - 1
MOST_CHANNELS = 1024
EXPECTED = {
    "core:datatype": "a datatype such as cf32_le, ci16_be, cu8",
    "core:datetime": "a time such as 2026-01-31T12:00:00.000Z",
    "core:sha512": "128 hexadecimal digits",
    "core:version": "a version such as 1.2.0",
    "core:dataset": "the name of a file in the same folder",
}
"""In words, of the fields for which the schema has a regular expression."""


@dataclass(frozen=True)
class Capture:
    """A segment recorded with one setting of the receiver.

    Attributes:
        first: its first sample, counted from the start of the data.
        frequency_hz: centre frequency; None where the metadata do not say it.
        time: when it starts, UTC; None where unknown.
        fields: the metadata as they are.
    """

    first: int
    frequency_hz: float | None
    time: datetime | None
    fields: dict[str, Any]


@dataclass(frozen=True)
class Annotation:
    """A marked span of samples.

    Attributes:
        first: first sample, counted from the start of the data.
        count: samples; None for "until the next one or the end".
        low_hz: lower edge as written, in Hz of the air; None for the whole band.
        high_hz: upper edge.
        label: what it is; None where only a comment says something.
        fields: the metadata as they are.
    """

    first: int
    count: int | None
    low_hz: float | None
    high_hz: float | None
    label: str | None
    fields: dict[str, Any]


@dataclass(frozen=True)
class SigmfMetadata:
    """What a `.sigmf-meta` says; samples are counted from the start of the data."""

    datatype: Datatype
    sample_rate: float | None
    channels: int
    captures: tuple[Capture, ...]
    annotations: tuple[Annotation, ...]
    header_bytes: int
    trailing_bytes: int
    sha512: str | None
    dataset: str | None
    metadata_only: bool
    fields: dict[str, Any]


def parse_metadata(content: bytes) -> SigmfMetadata:
    """Read and check metadata.

    Args:
        content: bytes of a `.sigmf-meta`.

    Raises:
        RecordingError: it is malformed; names the field, what was found and what was expected.
    """
    tree = read_tree(content)
    _check_schema(tree)
    whole = tree["global"]
    check_extensions(whole.get("core:extensions", []))
    offset = int(whole.get("core:offset", 0))
    rate = whole.get("core:sample_rate")
    if rate is not None and not 1 <= float(rate) <= HIGHEST_RATE:
        refuse("global core:sample_rate", rate, f"1 to {HIGHEST_RATE:,} Hz")
    channels = int(whole.get("core:num_channels", 1))
    if channels > MOST_CHANNELS:
        refuse("global core:num_channels", channels, f"1 to {MOST_CHANNELS}")
    captures = tuple(_capture(i, fields, offset) for i, fields in enumerate(tree["captures"]))
    annotations = tuple(
        _annotation(i, fields, offset) for i, fields in enumerate(tree["annotations"])
    )
    headers = [int(c.fields.get("core:header_bytes", 0)) for c in captures]
    if any(headers[1:]):
        refuse("captures core:header_bytes", headers, "headers in the first capture only")
    return SigmfMetadata(
        datatype=_datatype(whole["core:datatype"]),
        sample_rate=None if rate is None else float(rate),
        channels=channels,
        captures=captures,
        annotations=annotations,
        header_bytes=headers[0] if headers else 0,
        trailing_bytes=int(whole.get("core:trailing_bytes", 0)),
        sha512=str(whole["core:sha512"]).lower() if "core:sha512" in whole else None,
        dataset=whole.get("core:dataset"),
        metadata_only=bool(whole.get("core:metadata_only", False)),
        fields=whole,
    )


@cache
def _validator() -> Any:
    try:
        from sigmf.schema import get_schema
    except ImportError as error:
        raise RecordingError(NEEDS_SIGMF) from error
    from jsonschema import Draft202012Validator

    return Draft202012Validator(get_schema())


def _check_schema(tree: dict[str, Any]) -> None:
    """Check against the official schema, then the order of samples as the validator does.

    Raises:
        RecordingError: at the first misfit in the order of the file.
    """
    from jsonschema.exceptions import best_match

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        error = best_match(_validator().iter_errors(tree))
    if error is not None:
        place = place_of(error.absolute_path)
        if error.validator == "required":
            found = error.instance
            missing = [name for name in error.validator_value if name not in found]
            name = f"{place} {missing[0]}".strip()
            raise RecordingError(f"SigMF metadata: {name} is missing")
        if error.validator == "pattern":
            name = str(error.absolute_path[-1])
            refuse(place, error.instance, EXPECTED.get(name, "the form that SigMF gives it"))
        raise RecordingError(f"SigMF metadata: {place or 'the whole'}: {short(error.message)}")
    for key in ("captures", "annotations"):
        before = -1
        for i, item in enumerate(tree[key]):
            start = item["core:sample_start"]
            if start < before:
                refuse(f"{key}[{i}] core:sample_start", start, f"at least {before}, the one before")
            before = start


def _capture(i: int, fields: dict[str, Any], offset: int) -> Capture:
    place = f"captures[{i}]"
    frequency = fields.get("core:frequency")
    return Capture(
        _from_start(place, fields, offset),
        None if frequency is None else _finite(f"{place} core:frequency", frequency),
        _time(f"{place} core:datetime", fields.get("core:datetime")),
        fields,
    )


def _annotation(i: int, fields: dict[str, Any], offset: int) -> Annotation:
    place = f"annotations[{i}]"
    low, high = (fields.get(f"core:freq_{end}_edge") for end in ("lower", "upper"))
    if low is not None and high is not None and float(low) > float(high):
        refuse(f"{place} core:freq_lower_edge", low, f"at most core:freq_upper_edge, {high}")
    count = fields.get("core:sample_count")
    label = fields.get("core:label") or None
    return Annotation(
        _from_start(place, fields, offset),
        None if count is None else int(count),
        None if low is None else _finite(f"{place} core:freq_lower_edge", low),
        None if high is None else _finite(f"{place} core:freq_upper_edge", high),
        None if label is None else str(label),
        fields,
    )


def _from_start(place: str, fields: dict[str, Any], offset: int) -> int:
    start = int(fields["core:sample_start"])
    if start < offset:
        refuse(f"{place} core:sample_start", start, f"at least core:offset, {offset}")
    return start - offset


def _datatype(name: str) -> Datatype:
    try:
        return parse_datatype(name)
    except UsageError:
        refuse("global core:datatype", name, EXPECTED["core:datatype"])


def _time(place: str, text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text).strip().upper().replace("Z", "+00:00"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):
        refuse(place, text, EXPECTED["core:datetime"])


def _finite(place: str, value: Any) -> float:
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.inf
    if not math.isfinite(number):
        refuse(place, value, "a finite number")
    return number
