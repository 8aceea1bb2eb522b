"""A re-run with nothing changed, and with one clip more: `--clips 2000` for the target's size."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.case import Outcome, Ratio, Setup

TITLE = "Re-run of a folder: nothing changed, one clip more"
WARM = """
import json, shutil, sys, time
from audio_assets.running import run
run(sys.argv[1])
for added in sys.argv[2:] or [None]:
    if added:
        shutil.copy(added, sys.argv[1] + "/audio")
        time.sleep(0.1)
    began = time.perf_counter()
    report = run(sys.argv[1])
    seconds = time.perf_counter() - began
print(json.dumps([report.seconds, report.encoded, seconds]))
"""
"""A process that has run the folder before, so that nothing is imported or opened any more.

Clips that are named are added one by one, a run after each; the last run is told about.
"""
ROOTS = {"raw_audio", "model_checkpoint"}
"""They look at the disk in every run."""
INGEST = ("raw_audio", "metadata_table", "spectrograms", "embeddings")


def measure(setup: Setup) -> Outcome:
    """Run the command line itself, in processes of its own."""
    home = setup.work / "home"
    count = 8 if setup.quick else setup.clips
    folder = make_clips(setup.recordings, setup.work / "clips", count + 3)
    spare = sorted((folder / "audio").iterdir())[-3:]
    kept = [clip.rename(setup.work / clip.name) for clip in spare]
    try:
        full, _ = run(home, folder)
        return figures(home, folder, kept, full, count)
    finally:
        subprocess.run([*_command(), "stop"], env=_environment(home), check=False)


def figures(
    home: Path, folder: Path, spare: list[Path], full: dict[str, Any], count: int
) -> Outcome:
    """What a re-run and one clip more take on a folder that was run.

    Args:
        home: of the folder.
        folder: in the ESC-50 layout.
        spare: three clips that are added.
        full: the report of the first run.
        count: clips of the folder.
    """
    starts = [_seconds(["-c", "import dagster"]) for _ in range(3)]
    bare = [_seconds(["-c", "pass"]) for _ in range(3)]
    nothing = []
    for _ in range(3):
        report, wall = run(home, folder)
        computed = {name for name, seconds in report["seconds"].items() if seconds}
        if report["encoded"] or computed - ROOTS:
            raise AssertionError(f"a re-run computed something: {report['seconds']}")
        nothing.append(wall)
    work = []
    for _ in range(3):
        seconds, encoded, wall = _warm(home, folder)
        if encoded or {name for name, taken in seconds.items() if taken} - ROOTS:
            raise AssertionError(f"a re-run computed something: {seconds}")
        work.append(wall)
    shutil.copy(spare[0], folder / "audio")
    time.sleep(0.1)
    one, one_wall = run(home, folder)
    if one["encoded"] != 1:
        raise AssertionError(f"{one['encoded']} windows were encoded for one clip")
    again, encoded, _ = _warm(home, folder, *spare[1:])
    if encoded != 1:
        raise AssertionError(f"{encoded} windows were encoded for one clip")
    whole, part, warm = (
        sum(s[name] for name in INGEST) for s in (full["seconds"], one["seconds"], again)
    )
    return Outcome(
        ratios=[
            Ratio(
                f"re-run of {count} clips, nothing changed, beyond process start",
                median(work), 1.5, at_least=False, unit="s",
            ),
            Ratio(
                f"one clip more in {count}: ingest assets and embeddings",
                100 * part / whole, 2.0, at_least=False, unit="%",
            ),
            Ratio(
                f"one clip more in {count}, the same beyond process start",
                100 * warm / whole, 2.0, at_least=False, unit="%",
            ),
        ],
        limits={"python_s": median(bare), "import_dagster_s": median(starts)},
        ours={
            "full_seconds": full["seconds"],
            "nothing_changed_wall_s": nothing,
            "nothing_changed_work_s": work,
            "one_more_seconds": one["seconds"],
            "one_more_wall_s": one_wall,
            "one_more_warm_seconds": again,
        },
        notes=[
            "Beyond process start: wall time of the second of two runs in one process. The whole "
            f"command, its imports included, took {median(nothing):.1f} s.",
            "One clip: seconds of the four assets in a new process, the import of torch, pandas "
            "and others by them included, to those of the first run; projections refit. Beyond "
            "process start: in a process that has added a clip before, as in a notebook.",
        ],
    )  # fmt: skip


def make_clips(source: Path, out: Path, count: int) -> Path:
    """Clips with bytes of their own from a folder in the ESC-50 layout, rolled in time."""
    import csv

    import numpy as np
    import soundfile as sf

    (out / "audio").mkdir(parents=True)
    (out / "meta").mkdir()
    with next((source / "meta").glob("*.csv")).open() as stream:
        rows = list(csv.DictReader(stream))
    made = []
    for i in range(count):
        row = rows[i % len(rows)]
        samples, rate = sf.read(source / "audio" / row["filename"], dtype="int16")
        name = f"{Path(row['filename']).stem}_{i // len(rows):02d}.flac"
        turn = i // len(rows) * len(samples) // 7
        sf.write(out / "audio" / name, np.roll(samples, turn), rate)
        made.append({**row, "filename": name})
    with (out / "meta" / "esc50.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(made)
    return out


def run(home: Path, folder: Path) -> tuple[dict[str, Any], float]:
    """`audio-assets run FOLDER --json`: its report and its wall seconds."""
    began = time.perf_counter()
    done = subprocess.run(
        [*_command(), "run", str(folder), "--json"],
        env=_environment(home), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return json.loads(done.stdout), time.perf_counter() - began


def _warm(home: Path, folder: Path, *added: Path) -> tuple[dict[str, float], int, float]:
    """Seconds per asset, windows encoded, and wall seconds of the last run of one process."""
    done = subprocess.run(
        [sys.executable, "-c", WARM, str(folder), *map(str, added)],
        env=_environment(home), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    seconds, encoded, wall = json.loads(done.stdout.splitlines()[-1])
    return seconds, encoded, wall


def _command() -> list[str]:
    return [sys.executable, "-m", "audio_assets.cli"]


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "AUDIO_ASSETS_HOME": str(home)}


def _seconds(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True)
    return time.perf_counter() - began
