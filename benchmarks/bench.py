"""`make bench`: every case in a process of its own, one JSON file each.

    python -m benchmarks.bench [CASE …] [--recordings FOLDER] [--clips N] [--out DIR] [--quick]

Without cases, all of `benchmarks/cases/`. A case measures this machine's limits, this project and
the alternative in the same run; figures are compared as ratios within it. A case that cannot run
here is skipped with its reason in the JSON.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.case import Setup, Skipped
from benchmarks.machine import describe

HERE = Path(__file__).parent
ESC10 = HERE.parent.parent / "shared" / "data" / "esc10"


def case_names() -> list[str]:
    """Names of the cases, as files of `benchmarks/cases`."""
    return sorted(path.stem for path in (HERE / "cases").glob("*.py") if path.stem[0] != "_")


def run_case(name: str, setup: Setup) -> dict[str, Any]:
    """Measure one case in this process.

    Args:
        name: of the case.
        setup: what the command line says.

    Returns:
        What is written to its JSON file.
    """
    module = importlib.import_module(f"benchmarks.cases.{name}")
    machine = describe()
    began = time.perf_counter()
    found: dict[str, Any] = {
        "case": name,
        "title": module.TITLE,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "options": {"clips": setup.clips, "device": setup.device, "quick": setup.quick},
    }
    try:
        found |= module.measure(setup).as_json()
    except Skipped as reason:
        found["skipped"] = str(reason)
    found["seconds"] = round(time.perf_counter() - began, 1)
    return found


def main() -> int:
    """Run the cases that are asked for; 1 when one of them fails."""
    given = _arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.here:
        return _measure_here(given)
    failed = []
    for name in given.cases or case_names():
        command = [sys.executable, "-m", "benchmarks.bench", name, "--here", *_passed_on(given)]
        print(f"— {name}", file=sys.stderr, flush=True)
        if subprocess.run(command, cwd=HERE.parent, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _measure_here(given: argparse.Namespace) -> int:
    (name,) = given.cases
    given.work.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"bench-{name}-", dir=given.work))
    try:
        found = run_case(
            name,
            Setup(given.recordings, work, given.clips, given.device, given.quick, given.others),
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    suffix = "" if given.device == "cpu" else f"-{given.device}"
    path = given.out / f"{name}{suffix}.json"
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    _say(found, path)
    return 0


def _say(found: dict[str, Any], path: Path) -> None:
    if "skipped" in found:
        print(f"  skipped: {found['skipped']}")
    for ratio in found.get("ratios", ()):
        sign = "≥" if ratio["at_least"] else "≤"
        value = "not measured" if ratio["value"] is None else f"{ratio['value']:.3g}"
        verdict = {True: "met", False: "MISSED", None: "-"}[ratio["met"]]
        print(f"  {ratio['what']}: {value} {ratio['unit']} ({sign} {ratio['target']}, {verdict})")
    print(f"  {found['seconds']} s, {path}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("cases", nargs="*", choices=[[], *case_names()], metavar="CASE")
    parser.add_argument("--recordings", type=Path, default=ESC10, help="folder clips are made of")
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--others", type=Path, help="directory of the alternatives' environments")
    parser.add_argument("--quick", action="store_true", help="a rehearsal with the smallest loads")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    for name in ("recordings", "out", "work", "others"):
        path = getattr(given, name)
        setattr(given, name, path.resolve() if path else None)
    return given


def _passed_on(given: argparse.Namespace) -> list[str]:
    words = ["--recordings", given.recordings, "--clips", given.clips, "--device", given.device]
    words += ["--out", given.out, "--work", given.work]
    words += ["--others", given.others] if given.others else []
    return [str(word) for word in words] + (["--quick"] if given.quick else [])


if __name__ == "__main__":
    raise SystemExit(main())
