"""Start times from the names that recorders give their files, or from a folder's own pattern.

A name without an offset is read in the folder's time zone. Where that zone's clocks are set back,
an hour happens twice and the first of the two is taken; where they are set forward, the hour that
does not exist is read with the offset from before the change. Both are warnings of the recording
(`doubtful_times`). A recorder that keeps one offset all
year (most do) is described by that offset, such as `+01:00`, and then nothing is ambiguous.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache, partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audio_assets.errors import UsageError

_OFFSET = r"(?P<offset>Z|[+-]\d{2}:?\d{2})?"
_YEAR = r"(?P<year>(?:19|20)\d{2})"
_DATE = rf"{_YEAR}(?P<month>\d{{2}})(?P<day>\d{{2}})"
_FRACTION = r"(?:\.(?P<fraction>\d{1,9}))?"
_CLOCK = rf"(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?P<second>\d{{2}}){_FRACTION}"
_END = r"(?!\d)"

ISO = re.compile(
    rf"(?<!\d){_YEAR}-(?P<month>\d{{2}})-(?P<day>\d{{2}})[T_ ]"
    rf"(?P<hour>\d{{2}})[-:_.]?(?P<minute>\d{{2}})[-:_.]?(?P<second>\d{{2}}){_FRACTION}"
    rf"{_OFFSET}{_END}"
)
"""`2019-05-22T00:30:00Z`, also with `-`, `_` or nothing where Windows forbids `:`."""

COMPACT = re.compile(rf"(?<!\d){_DATE}[T_\-$ ]{_CLOCK}{_OFFSET}{_END}")
"""AudioMoth, Wildlife Acoustics (`SITE_20190522_003000`), Kaleidoscope, `20150910T000000Z`."""

SOUNDTRAP = re.compile(
    r"(?<!\d)\d{3,10}\.(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?!\d)"
)
"""Ocean Instruments SoundTrap: serial number, then `.yymmddHHMMSS`."""

HEXADECIMAL = re.compile(r"(?P<hex>[0-9A-F]{8})")
"""AudioMoth firmware before 1.2: seconds since 1970 in UTC as eight upper-case hex digits."""

FIRST_AUDIOMOTH, LAST_HEX = datetime(2016, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)

GROUPS = frozenset(
    {"year", "month", "day", "day_of_year", "hour", "minute", "second", "fraction", "offset",
     "epoch"}
)  # fmt: skip
"""Named groups that a folder's own pattern may have."""

PIVOT_YEAR = 69
"""Two-digit years from here on are of the 20th century, as in POSIX."""


def start_time_of(filename: str, tz: str = "UTC", pattern: str | None = None) -> datetime | None:
    """Read the start time out of a file's name.

    Args:
        filename: name or relative path of a recording. Of the known patterns only its last part
            counts; the folder's own pattern is searched in all of it.
        tz: time zone of the recorder's clock (IANA name or `+02:00`), used where the name itself
            carries no offset.
        pattern: the folder's own regular expression (see `compile_pattern`), used instead of the
            known ones.

    Returns:
        The time in UTC by the recorder's clock, or None when the name carries none or an
        impossible one.

    Raises:
        UsageError: when `tz` is not a time zone or `pattern` not such an expression.
    """
    moment = local_time_of(filename, tz, pattern)
    return None if moment is None else moment.astimezone(UTC)


def local_time_of(filename: str, tz: str = "UTC", pattern: str | None = None) -> datetime | None:
    """`start_time_of` before it becomes UTC: in the zone of the name, or in `tz`."""
    zone = time_zone(tz)
    if pattern is not None:
        match = compile_pattern(pattern).search(filename)
        return _from_parts(match.groupdict(), zone) if match else None
    name = posixpath.basename(filename)
    stem = name.rsplit(".", 1)[0] if "." in name else name
    for known in (ISO, COMPACT):
        for match in known.finditer(stem):
            if (time := _from_parts(match.groupdict(), zone)) is not None:
                return time
    match = SOUNDTRAP.search(stem)
    if match and (time := _from_parts(match.groupdict(), zone)) is not None:
        return time
    if match := HEXADECIMAL.fullmatch(stem):
        time = datetime.fromtimestamp(int(match["hex"], 16), UTC)
        return time if FIRST_AUDIOMOTH <= time < LAST_HEX else None
    return None


def start_time_reader(
    tz: str = "UTC", pattern: str | None = None
) -> Callable[[str], datetime | None]:
    """`local_time_of` for one folder, as `scan_folder` wants it; refuses bad arguments at once."""
    time_zone(tz)
    if pattern is not None:
        compile_pattern(pattern)
    return partial(local_time_of, tz=tz, pattern=pattern)


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A folder's own pattern for start times.

    A regular expression of Python, searched in the path relative to the folder (`/` separated),
    with named groups of digits: `year` (two digits mean 1969 to 2068), `month`, `day` or
    `day_of_year` (1 to 366), and optionally `hour`, `minute`, `second`, `fraction` (of a second)
    and `offset` (`Z`, `+0200`, `+02:00`); or `epoch` alone, seconds since 1970 in UTC.

    Raises:
        UsageError: not a regular expression, an unknown group, or too few groups for a time.
    """
    example = r"Example: '(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})_(?P<hour>\d{2})'."
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(
            f"The time pattern {pattern!r} is not a regular expression: {error}. {example}"
        ) from error
    found = set(compiled.groupindex)
    if unknown := found - GROUPS:
        raise UsageError(
            f"The time pattern {pattern!r} has the unknown group {sorted(unknown)[0]!r}. "
            f"Known groups: {', '.join(sorted(GROUPS))}."
        )
    date = {"year", "month", "day"} <= found or {"year", "day_of_year"} <= found
    if not date and "epoch" not in found:
        raise UsageError(
            f"The time pattern {pattern!r} needs the named groups year, month and day (or year and "
            f"day_of_year, or epoch), found {', '.join(sorted(found)) or 'none'}. {example}"
        )
    return compiled


def time_zone(name: str) -> ZoneInfo | timezone:
    """The zone of an IANA name or of an offset such as `+02:00`.

    Raises:
        UsageError: when there is no such zone.
    """
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        if match := re.fullmatch(r"(?:UTC)?([+-]\d{2}:?\d{2})", name):
            return _offset(match[1])
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"Time zone {name!r} is unknown. Use an IANA name such as 'Europe/Berlin', or an "
            "offset such as '+02:00'."
        ) from error


def _offset(text: str) -> timezone:
    """`Z`, `+0200` or `+02:00` as a zone."""
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    if int(digits[2:]) > 59:
        raise ValueError(f"{text} has more than 59 minutes")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if text[0] == "-" else delta)


def _from_parts(parts: dict[str, str | None], zone: ZoneInfo | timezone) -> datetime | None:
    """A local time from the groups of a pattern; None when the calendar has no such moment."""
    try:
        micro = timedelta(microseconds=int((parts.get("fraction") or "0").ljust(6, "0")[:6]))
        if parts.get("epoch"):
            return datetime.fromtimestamp(int(parts["epoch"] or ""), UTC) + micro
        offset = parts.get("offset")
        moment = datetime(
            *_date(parts),
            *(int(parts.get(name) or 0) for name in ("hour", "minute", "second")),
            tzinfo=_offset(offset) if offset else zone,
        )
        moment.astimezone(UTC)  # the last days of the calendar have no such moment in UTC
        return moment.replace(microsecond=micro.microseconds)
    except (ValueError, OverflowError, OSError):
        return None


def _date(parts: dict[str, str | None]) -> tuple[int, int, int]:
    """Year, month and day; ValueError when one of them is no number or impossible."""
    year = int(parts["year"] or "")
    if len(parts["year"] or "") <= 2:
        year += 1900 if year >= PIVOT_YEAR else 2000
    if parts.get("day_of_year"):
        number = int(parts["day_of_year"] or "")
        day = datetime(year, 1, 1) + timedelta(days=number - 1)
        if number < 1 or day.year != year:
            raise ValueError(f"{year} has no day {number}")
        return year, day.month, day.day
    return year, int(parts.get("month") or ""), int(parts.get("day") or "")
