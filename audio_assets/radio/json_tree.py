"""JSON read strictly: no key twice, no NaN, no endless number, no half of a character."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audio_assets.errors import RecordingError
from audio_assets.radio.misfit import place_of, refuse, short

MOST_DIGITS = 1000
HALF = re.compile("[\ud800-\udfff]")
ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class _Unread:
    """A number that is none, kept until its field is known."""

    text: str

    def __repr__(self) -> str:
        return self.text


def read_tree(content: bytes) -> dict[str, Any]:
    """Read an object of JSON.

    Args:
        content: UTF-8, with or without a byte order mark.

    Raises:
        RecordingError: it is no object of JSON, or a value cannot be used; names the field.
    """
    unread: list[_Unread] = []

    def keep(text: str) -> _Unread:
        unread.append(_Unread(text))
        return unread[-1]

    try:
        tree = json.loads(
            content.decode("utf-8-sig"),
            parse_constant=keep,
            parse_int=lambda text: int(text) if len(text) <= MOST_DIGITS else keep(text),
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise RecordingError("SigMF metadata are nested too deeply to be read") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise RecordingError(f"SigMF metadata are no JSON: {error}") from error
    if unread or ESCAPED_HALF.search(content):
        _check_values(tree)
    if not isinstance(tree, dict):
        raise RecordingError(
            f"SigMF metadata are a {type(tree).__name__}; expected an object with global, "
            "captures and annotations"
        )
    return tree


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise RecordingError(
            f"SigMF metadata: the key {short(repr(twice))} is there more than once in one object; "
            "expected it once"
        )
    return found


def _check_values(tree: Any) -> None:
    for path, value in _walk(tree):
        place = place_of(path) or "the whole"
        if isinstance(value, _Unread):
            refuse(place, value, f"a number of JSON of at most {MOST_DIGITS} digits")
        texts = (value, *path[-1:])
        if any(isinstance(text, str) and HALF.search(text) for text in texts):
            refuse(place, value, "whole characters, not one half of a surrogate pair")


def _walk(tree: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value and its path, in the order of the file."""
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), tree)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        inner: list[tuple[Any, Any]] = []
        if isinstance(value, dict):
            inner = list(value.items())
        elif isinstance(value, list):
            inner = list(enumerate(value))
        waiting += [((*path, name), part) for name, part in reversed(inner)]
