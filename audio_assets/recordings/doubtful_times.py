"""Start times in hours that a time zone's clocks had twice, or never; said of each file."""

from __future__ import annotations

from datetime import UTC, datetime

TWICE = "an hour that clocks had twice that night (summer time ended)"
NEVER = "an hour that clocks never had that night (summer time began)"


def doubt_of(moment: datetime | None) -> str | None:
    """Why a local time is not certain.

    Args:
        moment: in the recorder's time zone, as `start_time_reader` gives it.

    Returns:
        A sentence for the recording's warnings; None for a time that is certain: one with an
        offset of its own, or in a zone that keeps one all year.
    """
    if moment is None:
        return None
    first, second = (moment.replace(fold=fold).utcoffset() for fold in (0, 1))
    if first is None or second is None or first == second:
        return None
    clock = f"its name says {moment:%Y-%m-%d %H:%M}"
    read = f"{moment.replace(fold=0).astimezone(UTC):%H:%MZ}"
    if first > second:
        return f"{clock}, {TWICE}: read as the first, {read}"
    return f"{clock}, {NEVER}: read as {read}"


def with_doubt(warning: str | None, moment: datetime | None) -> str | None:
    """The warnings of a recording, renewed: what an earlier scan said of its time is dropped."""
    parts = [p for p in (warning or "").split("; ") if p and TWICE not in p and NEVER not in p]
    doubt = doubt_of(moment)
    return "; ".join([*parts, *([doubt] if doubt else [])]) or None
