"""How time and memory of each stage grow with the number of windows: measured, fitted, computed.

    python benchmarks/growth.py measure --work DIR --sizes 1000 10000 --embeddings FOLDER.parquet
    python benchmarks/growth.py report

`measure` runs stages at some sizes, each in a process of its own, and adds what it found to
`benchmarks/results/growth.json`. The first stages read recordings that are really there (files of
ten minutes, windows of 5 s, written once); the encoder is tiny, so that what grows is everything
around it. Libraries get one thread each: threads that wait for one another would count as work.
The later stages read vectors drawn from a mixture fitted to real ones, and no sound.
`report` fits time and peak memory of each stage to a power of N, says for 1 k to 10 M windows which
points were run and which are computed, and draws both. Stages that the machine cannot take at a
size are computed only, and marked so.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.growth_stages import run_sound_stage, run_vector_stage
from benchmarks.machine import describe

RESULTS = Path(__file__).parent / "results" / "growth.json"
WITH_SOUND = ("scan", "encode", "encode_again")
WITH_VECTORS = ("windows", "write_vectors", "similarity", "umap", "tsne", "clusters")
STAGES = [*WITH_SOUND, *WITH_VECTORS]
LARGEST = {"tsne": 100_000, "clusters": 1_000_000, "similarity": 100_000, "umap": 1_000_000}
"""Beyond this many windows a stage is not run here; figures there are computed."""


def one_stage(args: argparse.Namespace) -> None:
    """Run a stage in this process and print what it took."""
    before = _peak_mb()
    if args.stage in WITH_SOUND:
        seconds = run_sound_stage(args.stage, args.windows, args.work)
    else:
        seconds = run_vector_stage(args.stage, args.windows, args.work, args.embeddings)
    found = {
        "seconds": round(float(seconds[0]), 3), "cpu_seconds": round(float(seconds[1]), 3),
        "peak_mb": _peak_mb(), "start_mb": before,
    }  # fmt: skip
    print(json.dumps(found))


def measure(args: argparse.Namespace) -> None:
    """Run stages at sizes, each in a process of its own, and keep what they took."""
    args.work.mkdir(parents=True, exist_ok=True)
    for windows in args.sizes:
        for stage in args.stages:
            if windows > LARGEST.get(stage, windows):
                continue
            command = [sys.executable, __file__, "stage", "--stage", stage, "--windows",
                       str(windows), "--work", str(args.work)]  # fmt: skip
            if args.embeddings:
                command += ["--embeddings", str(args.embeddings)]
            alone = {**os.environ, "OMP_NUM_THREADS": "1"}
            ran = subprocess.run(command, capture_output=True, text=True, check=False, env=alone)
            if ran.returncode:
                print(stage, windows, "failed:", ran.stderr[-400:], file=sys.stderr)
                continue
            point = {"stage": stage, "windows": windows, **json.loads(ran.stdout.splitlines()[-1])}
            print(point, flush=True)
            keep(point)
        if not args.keep:
            shutil.rmtree(args.work / "sounds" / str(windows), ignore_errors=True)


def keep(point: dict[str, Any]) -> None:
    """Put a point into the results, in place of an older one of its stage and size."""
    done = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {"points": []}
    what = (point["stage"], point["windows"])
    points = [p for p in done["points"] if (p["stage"], p["windows"]) != what] + [point]
    points.sort(key=lambda p: (p["stage"], p["windows"]))
    RESULTS.write_text(json.dumps({"machine": describe(), "points": points}, indent=1) + "\n")


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("measure", "stage"):
        part = commands.add_parser(name)
        part.add_argument("--work", type=Path, required=True)
        part.add_argument("--embeddings", type=Path)
        if name == "stage":
            part.add_argument("--stage", choices=STAGES, required=True)
            part.add_argument("--windows", type=int, required=True)
        else:
            part.add_argument("--sizes", type=int, nargs="+", required=True)
            part.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
            part.add_argument("--keep", action="store_true")
    commands.add_parser("report").add_argument("--images", type=Path)
    args = parser.parse_args()
    if args.command == "report":
        from benchmarks.growth_report import report

        report(RESULTS, args.images)
    else:
        (measure if args.command == "measure" else one_stage)(args)


if __name__ == "__main__":
    main()
