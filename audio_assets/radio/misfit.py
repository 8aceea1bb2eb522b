"""How a misfit of metadata is said: where it is, what was found, what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from audio_assets.errors import RecordingError

MOST_CHARACTERS = 160


def refuse(place: str, found: Any, expected: str) -> NoReturn:
    """Refuse metadata for one field.

    Raises:
        RecordingError: always.
    """
    raise RecordingError(f"SigMF metadata: {place} is {short(repr(found))}; expected {expected}")


def place_of(path: Iterable[Any]) -> str:
    """`captures[0] core:frequency`, as people say it; always printable as UTF-8."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{' ' if text else ''}{part}"
    return text.encode("utf-8", "backslashreplace").decode()


def short(text: str) -> str:
    """The beginning of a text that may be long."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"
