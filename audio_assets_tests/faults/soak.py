"""Hours in minutes: `make soak`, or `python -m audio_assets_tests.faults.soak [--minutes N]`.

Serves a home whose sensors look every second instead of every 30, and adds, changes and removes
recordings, takes whole folders away and brings them back, uploads and edits, all the while.
Measured are the memory and descriptors of every service, temporary files, the rows that Dagster
keeps and how long a tick takes; in the end no two runs may have done the same thing. Prints JSON;
exit status 1 when something grows that should not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from audio_assets_tests.faults.crowd import short_sound
from audio_assets_tests.faults.dagster_rows import duplicate_runs, old_ticks, rows, tick_seconds
from audio_assets_tests.faults.load import services, stop_database
from audio_assets_tests.integration.serving.conftest import Stack, serve

INTERVAL_S = 1
USUAL_INTERVAL_S = 30
QUICKLY = {
    "AUDIO_ASSETS_SENSOR_INTERVAL_S": str(INTERVAL_S),
    "AUDIO_ASSETS_SENSOR_DEBOUNCE_S": "0.5",
    "AUDIO_ASSETS_UPLOAD_MAX_MB": "1",
}
MOST_FILES = 12


class Life:
    """What people and recorders do to a home, in an order drawn from a seed."""

    def __init__(self, stack: Stack, folders: int, seed: int) -> None:
        self.stack, self.rng = stack, random.Random(seed)
        self.roots = [stack.home / "data" / "audio" / f"site-{i}" for i in range(folders)]
        self.hidden = stack.home / "unplugged"
        self.hidden.mkdir()
        self.number, self.done = 0, dict.fromkeys(
            ("add", "change", "remove", "unplug", "plug in", "upload", "edit", "read"), 0
        )  # fmt: skip
        for root in self.roots:
            root.mkdir()
            self._write(root / "first.wav")

    def step(self) -> None:
        """One thing happens."""
        what = self.rng.choice(list(self.done))
        root = self.rng.choice(self.roots)
        files = sorted(root.glob("*.wav")) if root.is_dir() else []
        away = self.hidden / root.name
        if what == "add" and root.is_dir() and len(files) < MOST_FILES:
            self._write(root / f"{self.number}.wav")
        elif what == "change" and files:
            self._write(self.rng.choice(files))
        elif what == "remove" and len(files) > 1:
            self.rng.choice(files).unlink()
        elif what == "unplug" and root.is_dir():
            root.rename(away)
        elif what == "plug in" and away.is_dir():
            away.rename(root)
        elif what == "upload":
            files = {"file": ("a.wav", self._sound())}
            self._ask("POST", "/audio/upload", files=files, data={"folder": "sent"})
        elif what == "edit":
            items = self._ask("GET", "/audio/?limit=50&status=ok").json()["items"]
            one = self.rng.choice(items) if items else None
            if one and one["id"]:
                body, where = {"site": f"s{self.number}"}, {"folder": one["folder"]}
                self._ask("PUT", f"/audio/{one['id']}/metadata", json=body, params=where)
        else:
            for path in ("/audio/?limit=1000", "/processing/jobs", "/metrics", "/health"):
                self._ask("GET", path)
            what = "read"
        self.done[what] += 1

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        reply = self.stack.client.request(method, self.stack.base + path, **more)
        assert reply.status_code < 500, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply

    def _write(self, path: Path) -> None:
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(self._sound())
        part.replace(path)

    def _sound(self) -> bytes:
        self.number += 1
        return short_sound(5_000_000 + self.number)


def main() -> int:
    """Run it."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        os.environ["HOME"] = scratch
        found = soak(Path(scratch) / "home", options)
    text = json.dumps(found, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")
    return 1 if found["faults"] else 0


def soak(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Live for some minutes, quiet down, and judge what was measured."""
    samples: list[dict[str, Any]] = []
    try:
        with contextmanager(serve)(home, QUICKLY) as stack:
            aged = old_ticks(home)
            life = Life(stack, options.folders, options.seed)
            begun = due = time.monotonic()
            while time.monotonic() < begun + 60 * options.minutes:
                life.step()
                if time.monotonic() >= due:
                    samples.append(sample(home, time.monotonic() - begun))
                    print(json.dumps(samples[-1]), file=sys.stderr, flush=True)
                    due += options.every
                time.sleep(options.pause)
    finally:
        stop_database(home)
    return verdict(home, options, life, samples, aged)


def sample(home: Path, at_s: float) -> dict[str, Any]:
    """Everything that could grow."""
    found: dict[str, Any] = {"at_s": round(at_s), **rows(home)}
    for name, pid in services(home).items():
        process = psutil.Process(pid)
        found[f"{name} rss_mb"] = round(process.memory_info().rss / 1e6)
        found[f"{name} descriptors"] = process.num_fds()
    found["temporary files"] = len(temporary(home))
    return found


def temporary(home: Path) -> list[Path]:
    """Temporary files of ours that nobody has written to for half a minute."""
    before = time.time() - 30
    found = []
    for path in (home / "data").rglob(".tmp-*"):
        try:
            found += [path] if path.stat().st_mtime < before else []
        except FileNotFoundError:  # renamed meanwhile
            continue
    return found


def verdict(
    home: Path, options: argparse.Namespace, life: Life, samples: list[dict[str, Any]], aged: int
) -> dict[str, Any]:
    """Slopes over the second half, when everything is imported, and what is not as it should be."""
    late = [one for one in samples if one["at_s"] >= samples[-1]["at_s"] / 2]
    hours = np.array([one["at_s"] for one in late]) / 3600
    grown = {
        key: {"first": late[0][key], "last": late[-1][key],
              "per_hour": round(float(np.polyfit(hours, [one[key] for one in late], 1)[0]), 1)}
        for key in late[0] if key != "at_s" and len(late) > 2
    }  # fmt: skip
    ticks = tick_seconds(home)
    faults = [f"run done twice: {one}" for one in duplicate_runs(home)]
    faults += [f"{path} was left" for path in temporary(home)]
    kept = old_ticks(home, add=False)
    faults += [f"{kept} ticks are older than the retention"] if kept else []
    for key, one in grown.items():
        if "descriptors" in key and one["last"] > one["first"] + 20:
            faults.append(f"{key}: {one['first']} became {one['last']}")
        if "rss" in key and one["last"] > 1.25 * one["first"] + 50:
            faults.append(f"{key}: {one['first']} became {one['last']}")
    for name, one in ticks.items():
        if one["last_half_ms"] > 2 * one["first_half_ms"] + 200:
            faults.append(f"ticks of {name} grow from {one['first_half_ms']} ms")
    return {
        "minutes": options.minutes, "sensor_interval_s": INTERVAL_S,
        "simulated_hours": round(options.minutes / 60 * USUAL_INTERVAL_S / INTERVAL_S, 1),
        "seed": options.seed, "done": life.done, "ticks": ticks, "growth_in_the_second_half": grown,
        "aged_ticks_at_start": aged, "samples": samples, "faults": faults,
    }  # fmt: skip


def parse() -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--folders", type=int, default=3)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two things")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two samples")
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
