"""What SigMF metadata beside a recording say of its samples: facts, times, frequencies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from audio_assets.errors import RecordingError
from audio_assets.radio.identity import reading_of
from audio_assets.radio.layout import IqLayout, layout_of
from audio_assets.radio.names import DATA, META, NUMPY, extension, is_radio_name, is_sigmf_name
from audio_assets.radio.statement import RadioSettings


def known_layout(path: Path, stated: RadioSettings | None = None) -> IqLayout | None:
    """The layout of a radio recording; None of anything else, or where it cannot be read.

    Metadata are read once while their file and the samples' keep size and time.
    """
    if not is_radio_name(path.name) and extension(path) != NUMPY:
        return None
    try:
        said: Any = stated  # frozen, so hashable
        return _layout(path, said, _stamp(path), _stamp(meta_of(path)))
    except RecordingError:
        return None


def meta_of(path: Path) -> Path:
    """Where the metadata of a SigMF recording are: beside its samples, or in the file itself."""
    if extension(path) == DATA:
        return path.with_name(path.name[: -len(DATA)] + META)
    return path


def start_time_of_samples(path: Path) -> datetime | None:
    """When the first sample was taken, by the first capture that has a time; UTC or None."""
    layout = known_layout(path) if is_sigmf_name(path.name) else None
    if layout is None or layout.metadata is None:
        return None
    for capture in layout.metadata.captures:
        if capture.time is not None:
            return _later(capture.time, -capture.first / layout.sample_rate)
    return None


def time_at(layout: IqLayout | None, sample: int) -> datetime | None:
    """When a sample was taken, by the capture that it is in; UTC, None where that has no time."""
    if layout is None or layout.metadata is None:
        return None
    before = [c for c in layout.metadata.captures if c.first <= sample]
    if not before or before[-1].time is None:
        return None
    return _later(before[-1].time, (sample - before[-1].first) / layout.sample_rate)


def facts_changed(path: Path, row: Mapping[str, Any], stated: RadioSettings | None) -> bool:
    """Whether the metadata of a recording say something else now, though its samples are the same.

    Args:
        path: the recording.
        row: of the RECORDINGS schema, from an earlier scan.
        stated: what the folder says.
    """
    if not is_radio_name(path.name) and extension(path) != NUMPY:
        return False
    layout = known_layout(path, stated)
    if layout is None or row["status"] == "failed":
        return True
    found = (round(layout.sample_rate), layout.channels, layout.frames, reading_of(layout, stated))
    return found != tuple(row[n] for n in ("sample_rate", "channels", "frames", "subtype"))


def frequency_at(
    layout: IqLayout | None, sample: int, stated: RadioSettings | None
) -> float | None:
    """Centre frequency in Hz at a sample; None where nobody says it."""
    frequency = stated.frequency_hz if stated is not None else None
    if layout is None or layout.metadata is None:
        return frequency
    for capture in layout.metadata.captures:
        if capture.first > sample:
            break
        frequency = capture.frequency_hz if capture.frequency_hz is not None else frequency
    return frequency


def _later(moment: datetime, seconds: float) -> datetime | None:
    """None in the years 1 and 9999, from which lengths and time zones lead out of the calendar."""
    try:
        found = moment + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return found if MINYEAR < found.year < MAXYEAR else None


@lru_cache(maxsize=256)
def _layout(
    path: Path, stated: Any, samples: tuple[int, int] | None, metadata: tuple[int, int] | None
) -> IqLayout:
    return layout_of(path, stated)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
