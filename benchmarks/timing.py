"""Wall and processor seconds of a block, children included, and the kernel's high-water mark."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass
class Spent:
    """Seconds of one block.

    Attributes:
        wall: elapsed time.
        cpu: user and system time of this process and of children that have ended.
    """

    wall: float = 0.0
    cpu: float = 0.0

    def row(self) -> dict[str, float]:
        """Rounded, as JSON."""
        return {"seconds": round(self.wall, 4), "cpu_seconds": round(self.cpu, 4)}


@contextmanager
def spent() -> Iterator[Spent]:
    """Measure a block; the figures are there when it is left."""
    found, wall, cpu = Spent(), time.perf_counter(), _cpu()
    try:
        yield found
    finally:
        found.wall, found.cpu = time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def alternate(sides: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[Spent]]:
    """Run the sides in turn, round by round, so that a slow minute falls on all of them.

    Args:
        sides: name → what to measure; every one is run once beforehand, unmeasured.
        rounds: how often.

    Returns:
        name → one measurement a round.
    """
    for run in sides.values():
        run()
    found: dict[str, list[Spent]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            with spent() as this:
                run()
            found[name].append(this)
    return found


def median_ratio(above: list[float], below: list[float]) -> float:
    """Median over the rounds of above / below."""
    return median(a / b for a, b in zip(above, below, strict=True))


def peak_rss_mb() -> float:
    """Highest resident memory of this process so far, in MB (1024²)."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return round(int(line.split()[1]) / 1024, 1)
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, 1)
