"""Where people said different things about the same window: both are kept, the newest counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Disagreement:
    """One window (or recording) and column that people do not agree on.

    Attributes:
        key: window id, or path where the whole recording is meant.
        column: such as "is_rooster" or "label".
        said: (who, value, when) of each person's last word, the newest last.
    """

    key: str
    column: str
    said: tuple[tuple[str, Any, str], ...]

    @property
    def people(self) -> frozenset[str]:
        """Who is involved."""
        return frozenset(who for who, _, _ in self.said)


def disagreements(edits: Iterable[dict[str, Any]], column: str | None = None) -> list[Disagreement]:
    """Every window on which the last words of two people differ, the latest disagreement first.

    Rows that do not say who are nobody's; a person who took a word back has none; and a row that
    `settles` makes everything before it count no more.

    Args:
        edits: of a folder, oldest first.
        column: only this one.
    """
    said: dict[tuple[str, str], dict[str, tuple[Any, str]]] = {}
    for edit in edits:
        who = edit.get("by")
        if not who or column not in (None, edit["column"]):
            continue
        words = said.setdefault((edit.get("window_id") or edit["path"], edit["column"]), {})
        if edit.get("settles"):
            words.clear()
        words.pop(who, None)  # the newest last
        words[who] = (edit["value"], str(edit.get("edited") or ""))
    found = []
    for (key, name), words in said.items():
        standing = [(who, value, when) for who, (value, when) in words.items() if value is not None]
        if len({str(value) for _, value, _ in standing}) > 1:
            found.append(Disagreement(key, name, tuple(standing)))
    return sorted(found, key=lambda one: one.said[-1][2], reverse=True)


def sentence(found: list[Disagreement]) -> str:
    """Such as "2 people disagree on 5 windows"; empty when nobody does."""
    if not found:
        return ""
    people = len(frozenset().union(*(one.people for one in found)))
    return f"{people} people disagree on {len(found):,} window{'' if len(found) == 1 else 's'}"
