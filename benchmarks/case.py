"""What a benchmark case is given and what it gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


class Skipped(Exception):  # noqa: N818 - nothing went wrong
    """A case, or one part of it, cannot be measured here; the text says why."""


@dataclass(frozen=True)
class Setup:
    """What the command line says; the same for every case.

    Attributes:
        recordings: folder in the ESC-50 layout, or any folder of recordings; clips are made of it.
        work: an empty directory of this case alone, removed afterwards.
        clips: how many clips a case about many clips takes.
        device: "cpu" or "cuda".
        quick: a rehearsal: every case takes the smallest load that still goes through all its code.
        others: directory with environments of the alternatives (`<name>/bin/python`), where a case
            needs one of its own.
    """

    recordings: Path
    work: Path
    clips: int = 400
    device: str = "cpu"
    quick: bool = False
    others: Path | None = None


@dataclass(frozen=True)
class Ratio:
    """One figure that is judged.

    Attributes:
        what: in words, with both sides of the ratio.
        value: the figure; None where it was not measured.
        target: what it should reach.
        at_least: whether the target is a floor (else a ceiling).
        unit: "×", "%", "s", …
        note: how to read it, where it is not plain.
    """

    what: str
    value: float | None
    target: float
    at_least: bool = True
    unit: str = "×"
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is no figure."""
        if self.value is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    def row(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "met": self.met}


@dataclass
class Outcome:
    """What a case found.

    Attributes:
        ratios: what is judged, the table of the documentation.
        limits: this machine's limits, measured in the same process.
        ours: figures of this project, stage by stage.
        alternative: figures of what a user would run instead.
        notes: sentences a reader of the figures must know (what was sampled, scaled, left out).
    """

    ratios: list[Ratio] = field(default_factory=list)
    limits: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, Any] = field(default_factory=dict)
    alternative: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {**asdict(self), "ratios": [ratio.row() for ratio in self.ratios]}
