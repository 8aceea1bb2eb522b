"""A report as blocks, the same for HTML and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audio_assets.reports.figures.canvas import Drawing


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Note:
    """A paragraph that stands out: something is missing, and why."""

    text: str


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Names and values, one pair a line."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        header: texts [C].
        rows: texts, C each.
        widths: relative widths [C].
        right: columns of numbers, aligned to the right.
        swatches: colour of a mark before the first cell of each row; () for none.
        more: what was left out; "" for nothing.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    right: frozenset[int] = frozenset()
    swatches: Sequence[str] = ()
    more: str = ""


@dataclass(frozen=True)
class Picture:
    """A drawing with what it shows in words; `caption` may be empty."""

    drawing: Drawing
    alt: str
    caption: str = ""


Block = Text | Note | Heading | Facts | Table | Picture


@dataclass(frozen=True)
class Section:
    """A section; `id` is a word for links."""

    id: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    subtitle: str
    made: datetime
    sections: Sequence[Section]


def texts_of(document: Document) -> list[str]:
    """Every text of a report."""
    found = [document.title, document.subtitle]
    for section in document.sections:
        found.append(section.title)
        for block in section.blocks:
            if isinstance(block, Text | Note | Heading):
                found.append(block.text)
            elif isinstance(block, Facts):
                found += [text for row in block.rows for text in row]
            elif isinstance(block, Table):
                found += [*block.header, block.more, *(text for row in block.rows for text in row)]
            else:
                found += [block.alt, block.caption]
    return found
