"""Cases of a format tried one after another, and what is counted of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audio_assets_tests.hostile.corpus import Case
from audio_assets_tests.hostile.trying import Trier


@dataclass
class Tally:
    """What became of the cases of one format.

    Attributes:
        cases: how many.
        taken: files that were processed to the end.
        warned: of these, those that came with a warning.
        refused: files that the scan named with a reason.
        left_out: files that a later step named with a reason.
        slowest_s: the longest time that one took.
        most_mb: the most memory that one took.
        faults: what should not have happened: the case, what was done to it, what was seen.
    """

    cases: int = 0
    taken: int = 0
    warned: int = 0
    refused: int = 0
    left_out: int = 0
    slowest_s: float = 0.0
    most_mb: float = 0.0
    faults: list[dict[str, Any]] = field(default_factory=list)


def try_all(
    cases: Iterable[Case], trier: Trier, said: Callable[[str], None] = lambda _: None
) -> Tally:
    """Each case in a folder of its own; files with faults are kept in `trier.scratch/kept`."""
    tally = Tally()
    root = trier.scratch / "root"
    for case in cases:
        root.mkdir()
        (root / case.name).write_bytes(case.content)
        found = trier.put_through(root)
        if sorted(p.name for p in root.iterdir()) != [case.name]:
            found["faults"].append("the folder of recordings was changed")
        shutil.rmtree(root)
        count(tally, found)
        if found["faults"]:
            _keep(case, trier.scratch / "kept")
            tally.faults.append({"case": case.name, "what": case.what, "faults": found["faults"]})
            said(f"{case.name} ({case.what}): {'; '.join(found['faults'])}")
    return tally


def count(tally: Tally, found: dict[str, Any]) -> None:
    """Add one answer of a worker."""
    tally.cases += 1
    refused = [row for row in found["rows"].values() if row[0] == "failed"]
    tally.refused += len(refused)
    tally.left_out += bool(found["named"])
    if found["rows"] and not refused and not found["named"]:
        tally.taken += 1
        tally.warned += any(row[2] for row in found["rows"].values())
    tally.slowest_s = max(tally.slowest_s, round(found["seconds"], 2))
    tally.most_mb = max(tally.most_mb, round(found["peak_mb"]))


def _keep(case: Case, directory: Path) -> None:
    directory.mkdir(exist_ok=True)
    (directory / case.name).write_bytes(case.content)
