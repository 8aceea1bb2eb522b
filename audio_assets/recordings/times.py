"""Start times from the names that recorders give their files."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audio_assets.errors import UsageError

_OFFSET = r"(?P<offset>Z|[+-]\d{2}:?\d{2})?"
_DATE = r"(?P<y>(?:19|20)\d{2})(?P<mo>\d{2})(?P<d>\d{2})"
_CLOCK = r"(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})(?:\.(?P<f>\d{1,9}))?"
_EDGE, _END = r"(?<![0-9A-Za-z])", r"(?!\d)"

ISO = re.compile(
    rf"(?<!\d)(?P<y>(?:19|20)\d{{2}})-(?P<mo>\d{{2}})-(?P<d>\d{{2}})[T_ ]"
    rf"(?P<h>\d{{2}})[-:_.]?(?P<mi>\d{{2}})[-:_.]?(?P<s>\d{{2}})(?:\.(?P<f>\d{{1,9}}))?{_OFFSET}{_END}"
)
"""`2019-05-22T00:30:00Z`, also with `-`, `_` or nothing where Windows forbids `:`."""

COMPACT = re.compile(rf"(?<!\d){_DATE}[T_\-$ ]{_CLOCK}{_OFFSET}{_END}")
"""AudioMoth, Wildlife Acoustics (`SITE_20190522_003000`), Kaleidoscope, `20150910T000000Z`."""

SOUNDTRAP = re.compile(
    r"(?<!\d)\d{3,10}\.(?P<y>\d{2})(?P<mo>\d{2})(?P<d>\d{2})(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})(?!\d)"
)
"""Ocean Instruments SoundTrap: serial number, then `.yymmddHHMMSS`."""

HEXADECIMAL = re.compile(r"(?P<hex>[0-9A-F]{8})")
"""AudioMoth firmware before 1.2: seconds since 1970 in UTC as eight upper-case hex digits."""

FIRST_AUDIOMOTH, LAST_HEX = datetime(2016, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


def start_time_of(filename: str, tz: str = "UTC") -> datetime | None:
    """Read the start time out of a file's name.

    Args:
        filename: name or relative path of a recording; only the last part counts.
        tz: time zone of the recorder's clock (IANA name or `+02:00`), used where the name itself
            carries no offset.

    Returns:
        The time in UTC, or None when the name carries none or an impossible one.

    Raises:
        UsageError: when `tz` is not a time zone.
    """
    zone = time_zone(tz)
    name = PurePosixPath(filename).name
    stem = name.rsplit(".", 1)[0] if "." in name else name
    for pattern in (ISO, COMPACT):
        for match in pattern.finditer(stem):
            if (time := _from_parts(match.groupdict(), zone)) is not None:
                return time
    if match := SOUNDTRAP.search(stem):
        parts = {**match.groupdict(), "y": "20" + match["y"]}
        if (time := _from_parts(parts, zone)) is not None:
            return time
    if match := HEXADECIMAL.fullmatch(stem):
        time = datetime.fromtimestamp(int(match["hex"], 16), UTC)
        return time if FIRST_AUDIOMOTH <= time < LAST_HEX else None
    return None


def start_time_reader(tz: str = "UTC") -> Callable[[str], datetime | None]:
    """`start_time_of` for one folder's time zone, as `scan_folder` wants it."""
    time_zone(tz)
    return lambda filename: start_time_of(filename, tz)


def time_zone(name: str) -> ZoneInfo | timezone:
    """The zone of an IANA name or of an offset such as `+02:00`.

    Raises:
        UsageError: when there is no such zone.
    """
    if name.upper() in ("UTC", "Z"):
        return UTC
    if match := re.fullmatch(r"(?:UTC)?([+-])(\d{2}):?(\d{2})", name):
        return _offset(match[0].removeprefix("UTC"))
    try:
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
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if text[0] == "-" else delta)


def _from_parts(parts: dict[str, str | None], zone: ZoneInfo | timezone) -> datetime | None:
    """A time in UTC from the groups of a pattern; None when the calendar has no such moment."""
    try:
        micro = int((parts.get("f") or "0").ljust(6, "0")[:6])
        offset = parts.get("offset")
        year, month, day, hour, minute, second = (int(parts[k] or "") for k in _FIELDS)
        tzinfo = _offset(offset) if offset else zone
        moment = datetime(year, month, day, hour, minute, second, micro, tzinfo=tzinfo)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_FIELDS = ("y", "mo", "d", "h", "mi", "s")
