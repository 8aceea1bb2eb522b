"""What the growth study found: fits, a table, a plot, and the arithmetic for years of sound."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
NAMES = {
    "scan": "scan (hash, decode)", "windows": "window table", "encode": "encode, tiny model",
    "encode_again": "encode again, nothing new", "write_vectors": "write and read vectors",
    "similarity": "exact neighbours of all", "umap": "UMAP (100 k fitted at most)",
    "tsne": "t-SNE (50 k fitted at most)", "clusters": "clusters (50 k at most, others join)",
}  # fmt: skip
WINDOW_S = 5
YEAR_WINDOWS = round(365.25 * 86_400 / WINDOW_S)


@dataclass(frozen=True)
class Fit:
    """seconds = fixed + scale · N^exponent; megabytes = base + slope · N."""

    fixed: float
    scale: float
    exponent: float
    base_mb: float
    slope_mb: float

    def seconds(self, windows: float) -> float:
        """Processor seconds at so many windows."""
        return self.fixed + self.scale * windows**self.exponent

    def megabytes(self, windows: float) -> float:
        """Peak memory at so many windows."""
        return self.base_mb + self.slope_mb * windows


def fit(points: list[dict[str, Any]]) -> Fit:
    """Fit one stage's points, through the two largest.

    What the smallest of three sizes takes is mostly imports and start: it counts as fixed. With
    two sizes nothing does. Memory grows linearly between the two largest, and never shrinks.
    """
    points = sorted(points, key=lambda p: p["windows"])
    low, high = points[-2:]
    fixed = points[0]["cpu_seconds"] if len(points) > 2 else 0.0
    if fixed > 0.8 * low["cpu_seconds"]:  # nothing but start yet, and that scatters
        fixed = 0.0
    near, far = (max(1e-3, p["cpu_seconds"] - fixed) for p in (low, high))
    exponent = float(np.log(far / near) / np.log(high["windows"] / low["windows"]))
    slope = (high["peak_mb"] - low["peak_mb"]) / (high["windows"] - low["windows"])
    slope = max(0.0, slope)
    scale = far / high["windows"] ** exponent
    return Fit(fixed, scale, exponent, high["peak_mb"] - slope * high["windows"], slope)


def report(results: Path, images: Path | None) -> None:
    """Print the tables of docs/distributed.md, and draw the plot."""
    points = json.loads(results.read_text())["points"]
    stages = {name: [p for p in points if p["stage"] == name] for name in NAMES}
    stages = {name: found for name, found in stages.items() if len(found) > 1}
    fits = {name: fit(found) for name, found in stages.items()}
    print("| stage | exponent |", " | ".join(f"{_count(n)}" for n in SIZES), "|")
    print("|---|---|" + "---|" * len(SIZES))
    for name, found in stages.items():
        run = {p["windows"]: p for p in found}
        cells = [_cell(run.get(n), fits[name], n) for n in SIZES]
        print(f"| {NAMES[name]} | {fits[name].exponent:.2f} |", " | ".join(cells), "|")
    if images:
        _plot(stages, fits, images / "growth.png")
    print()
    years(results.parent / "long_recordings.json", results.parent / "growth_encoder.json")


def years(long_recordings: Path, encoder: Path) -> None:
    """Print machines, hours and storage for a year of one hydrophone and of a thousand.

    Args:
        long_recordings: result of `long_recordings.py`, for 24 h at 48 kHz.
        encoder: result of `growth_encoder.py`: processor seconds per window of real models.
    """
    day = next(
        case for case in json.loads(long_recordings.read_text())["cases"]
        if case["name"] == "24h-48k"
    )  # fmt: skip
    per_window = {
        name: day["stages"][name]["cpu_seconds"] / day["stages"]["encode_stored"]["windows"]
        for name in ("scan", "spectrograms")
    }
    models = json.loads(encoder.read_text())["models"] if encoder.is_file() else {}
    rows: list[tuple[str, float, str]] = [
        ("sound, 48 kHz FLAC", day["bytes"] * 365.25, "bytes"),
        ("vectors, 768 float32", YEAR_WINDOWS * (768 * 4 + 40), "bytes"),
        ("stored arrays and PNGs (optional)", YEAR_WINDOWS * 49e3, "bytes"),
        ("scan", YEAR_WINDOWS * per_window["scan"], "cpu"),
        ("spectrograms and PNGs (optional)", YEAR_WINDOWS * per_window["spectrograms"], "cpu"),
    ]
    rows += [(f"encode, {name}", YEAR_WINDOWS * m["cpu_seconds_per_window"], "cpu")
             for name, m in models.items()]  # fmt: skip
    print("| | one hydrophone, a year | a thousand | 16-processor machines for a thousand in a "
          "month |")  # fmt: skip
    print("|---|---|---|---|")
    for name, amount, unit in rows:
        if unit == "bytes":
            cells = [_bytes(amount), _bytes(amount * 1000), ""]
        else:
            machines = amount * 1000 / (16 * 30 * 86_400)
            cells = [
                f"{amount / 3600:,.0f} CPU-h",
                f"{amount / 3.6:,.0f} CPU-h",
                f"{machines:,.1f}",
            ]
        print(f"| {name} |", " | ".join(cells), "|")


def _cell(point: dict[str, Any] | None, found: Fit, windows: int) -> str:
    if point is not None:
        return f"{_time(point['cpu_seconds'])}, {point['peak_mb']:,.0f} MB"
    return f"*{_time(found.seconds(windows))}, {found.megabytes(windows):,.0f} MB*"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:,.0f} h" if seconds < 400 * 3600 else f"{seconds / 86_400:,.0f} d"


def _count(windows: int) -> str:
    return f"{windows // 1_000_000} M" if windows >= 1_000_000 else f"{windows // 1000} k"


def _bytes(amount: float) -> str:
    for unit, size in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9)):
        if amount >= size:
            return f"{amount / size:,.1f} {unit}"
    return f"{amount / 1e6:,.0f} MB"


def _plot(stages: dict[str, list[dict[str, Any]]], fits: dict[str, Fit], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), constrained_layout=True)
    for number, (name, points) in enumerate(stages.items()):
        colour = f"C{number}"
        run = np.array([p["windows"] for p in points])
        far = np.array([n for n in SIZES if n >= run.max()], float)
        columns = (("cpu_seconds", fits[name].seconds), ("peak_mb", fits[name].megabytes))
        for axis, (column, law) in zip(axes, columns, strict=True):
            values = [max(1e-3, p[column]) for p in points]
            axis.loglog(run, values, "o-", color=colour, label=NAMES[name], markersize=4)
            axis.loglog(far, [law(n) for n in far], ":", color=colour)
    axes[0].set_ylabel("processor seconds")
    axes[1].set_ylabel("peak memory of the process, MB")
    for axis in axes:
        axis.set_xlabel("windows")
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=7)
    figure.suptitle("Points were run; dotted lines are computed from the two largest", fontsize=9)
    figure.savefig(path, dpi=110)
