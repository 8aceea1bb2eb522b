"""Events that people or detectors marked beside the recordings: Raven tables, Audacity labels.

A table belongs to the recording whose name it begins with (`dawn.wav` → `dawn.Table.1.selections
.txt`, `dawn.wav.Table01.txt`, `dawn.BirdNET.selection.table.txt`, `dawn.labels.txt`), or, where
its rows say so (`Begin File` and `File Offset (s)`), to the ones that they name.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path, PurePosixPath

from audio_assets.loaders.base import files_below

SUFFIX = ".txt"
BIGGEST_BYTES = 64 << 20
BEGIN, END, LOW, HIGH = "begin time (s)", "end time (s)", "low freq (hz)", "high freq (hz)"
OFFSET, FILES = "file offset (s)", ("begin file", "begin path")
LABELS = (
    "label", "annotation", "species", "common name", "classification", "class", "call type",
    "species code", "id", "notes",
)  # fmt: skip
SCORES = ("confidence", "score", "probability")


@dataclass(frozen=True)
class Event:
    """A time-frequency box in one recording.

    Attributes:
        path: the recording, relative to the folder.
        begin_s: from the start of the recording.
        end_s: from the start of the recording, after `begin_s`.
        low_hz: lower edge; None where the table says nothing.
        high_hz: upper edge; None where the table says nothing.
        label: what it is; None where the table says nothing.
        confidence: of a detector; None for people.
        source: the table, relative to the folder.
    """

    path: str
    begin_s: float
    end_s: float
    low_hz: float | None
    high_hz: float | None
    label: str | None
    confidence: float | None
    source: str

    @property
    def event_id(self) -> str:
        """16 hex digits, the same for the same event in every run."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]


def event_tables(root: Path, paths: Iterable[str] | None = None) -> list[Path]:
    """Event tables below a folder, sorted.

    Args:
        root: of the folder.
        paths: of its recordings, relative; looked for where None.
    """
    root = Path(root).absolute()
    found = [p for p in files_below(root, SUFFIX) if not _hidden(p, root)]
    if not found:
        return []
    if paths is None:
        from audio_assets.recordings.listing import audio_keys

        paths = audio_keys(root)
    recordings = _Recordings(paths)
    return sorted(p for p in found if _kind(p, root, recordings) is not None)


def read_events(root: Path, paths: Iterable[str]) -> tuple[list[Event], list[str]]:
    """Read every event table of a folder.

    Args:
        root: of the folder.
        paths: of its recordings, relative.

    Returns:
        Events sorted by recording and time; and what could not be used, in plain words.
    """
    root = Path(root).absolute()
    known = list(paths)
    tables = event_tables(root, known)
    if not tables:
        return [], []
    recordings = _Recordings(known)
    events: set[Event] = set()
    problems: list[str] = []
    for table in tables:
        source = table.relative_to(root).as_posix()
        read = _raven if _kind(table, root, recordings) == "raven" else _audacity
        for event in read(_text(table), source, recordings):
            if isinstance(event, str):
                problems.append(f"{source}, {event}")
            else:
                events.add(event)
    return sorted(events, key=lambda e: (e.path, e.begin_s, e.end_s, e.event_id)), problems


def _raven(text: str, source: str, recordings: _Recordings) -> Iterator[Event | str]:
    lines = (line.rstrip("\n").split("\t") for line in io.StringIO(text, newline=None))
    header = [cell.strip().lower() for cell in next(lines, [])]
    views: set[tuple[str, ...]] = set()
    for line, cells in enumerate(lines, 2):
        row = {n: c.strip() for n, c in zip(header, cells, strict=False) if c.strip()}
        if not row:
            continue
        begin, end = _number(row.get(BEGIN)), _number(row.get(END))
        if begin is None or end is None:
            yield f"line {line}: Begin Time and End Time must be numbers."
            continue
        path = recordings.named(row, source) or recordings.owner(source)
        if path is None:
            yield f"line {line}: no recording here is named like the table or in Begin File."
            continue
        offset = _number(row.get(OFFSET)) if any(name in row for name in FILES) else None
        if offset is not None:  # times of a sequence of files count from its first one
            begin, end = offset, offset + end - begin
        # Raven writes a selection once per view: as a waveform, then as a spectrogram
        key = (path, row.get("selection", str(line)), f"{begin:.4f}", f"{end:.4f}")
        if not 0 <= begin < end or key in views:
            if key not in views:
                yield f"line {line}: the event must begin at 0 s or later, and end after that."
            continue
        views.add(key)
        score = next((_number(row.get(n)) for n in SCORES if n in row), None)
        label = next((row[n] for n in LABELS if n in row), None)
        low, high = _number(row.get(LOW)), _number(row.get(HIGH))
        yield Event(path, begin, end, low, high, label, score, source)


def _audacity(text: str, source: str, recordings: _Recordings) -> Iterator[Event | str]:
    path = recordings.owner(source)
    pending: Event | None = None
    for line, content in enumerate(text.splitlines(), 1):
        cells = content.split("\t")
        if cells[0] == "\\" and pending is not None:  # frequencies of the label before
            low, high = (_number(c) for c in (*cells[1:3], "", "")[:2])
            pending = Event(
                pending.path, pending.begin_s, pending.end_s, low, high, pending.label, None, source
            )
            continue
        if pending is not None:
            yield pending
            pending = None
        numbers = [_number(c) for c in cells[:2]]
        if len(numbers) < 2 or None in numbers or path is None:
            if content.strip():
                yield f"line {line}: expected start, end and label, divided by tabs."
            continue
        begin, end = numbers
        if begin is not None and end is not None and 0 <= begin < end:  # a point has no sound
            label = cells[2].strip() if len(cells) > 2 else ""
            pending = Event(path, begin, end, None, None, label or None, None, source)
    if pending is not None:
        yield pending


def _kind(table: Path, root: Path, recordings: _Recordings) -> str | None:
    """`raven`, `audacity`, or None for any other text."""
    try:
        if table.stat().st_size > BIGGEST_BYTES:
            return None
        with table.open("rb") as stream:
            head = stream.readline(1 << 16).decode("utf-8-sig", "replace").lower()
    except OSError:
        return None
    cells = [cell.strip() for cell in head.split("\t")]
    source = table.relative_to(root).as_posix()
    owned = recordings.owner(source) is not None
    if BEGIN in cells and END in cells:
        return "raven" if owned or any(name in cells for name in FILES) else None
    numbers = [_number(cell) for cell in cells[:2]]
    return "audacity" if owned and len(numbers) == 2 and None not in numbers else None


class _Recordings:
    """Finds the recording that a table, or a row of it, is about."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_start: dict[tuple[str, str], str] = {}
        self._by_name: dict[str, list[str]] = {}
        for path in sorted(paths):
            recording = PurePosixPath(path)
            for start in (recording.name, recording.stem):
                self._by_start.setdefault((recording.parent.as_posix(), start), path)
            self._by_name.setdefault(recording.name, []).append(path)

    def owner(self, source: str) -> str | None:
        """The recording in the same directory whose name, the longest, the table's begins with."""
        table = PurePosixPath(source)
        home, name = table.parent.as_posix(), table.name
        ends = (i for i in range(len(name) - 1, 0, -1) if not name[i].isalnum())
        found = (self._by_start.get((home, name[:end])) for end in ends)
        return next((path for path in found if path is not None), None)

    def named(self, row: dict[str, str], source: str) -> str | None:
        """The recording that a row names, the one nearest to the table."""
        home = PurePosixPath(source).parent.as_posix()
        for column in FILES:
            name = PurePosixPath(row.get(column, "").replace("\\", "/")).name
            there = self._by_name.get(name, [])
            if there:
                return next(
                    (p for p in there if PurePosixPath(p).parent.as_posix() == home), there[0]
                )
        return None


def _text(table: Path) -> str:
    return table.read_bytes().decode("utf-8-sig", "replace")


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith((".", "~")) for part in path.relative_to(root).parts)
