"""How much memory something takes at most."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")


def peak_while(work: Callable[[], Value]) -> tuple[Value, float]:
    """What some work gives, and the megabytes that this process took beyond those before."""
    before = reset_peak()
    value = work()
    return value, (status_kb("VmHWM") - before) / 1024


def reset_peak() -> int:
    """Forget the peak so far; the memory in use, in kB."""
    Path("/proc/self/clear_refs").write_text("5")
    return status_kb("VmRSS")


def status_kb(name: str) -> int:
    """A line of the kernel's account of this process, in kB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0
