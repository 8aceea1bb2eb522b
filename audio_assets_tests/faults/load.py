"""Load and restarts: `make load`, or `python -m audio_assets_tests.faults.load [--kills N]`.

Serves a fresh home as it is, API, daemon and code server, and lets 200 clients loose on it. With
`--kills`, the API, then the daemon, the code server and so on are killed with -9 meanwhile, and the
supervisor starts them again. Afterwards every upload and job that was acknowledged must be there,
every job must end, none may be doubled. Prints JSON; exit status 1 when something was lost, doubled
or answered by a 5xx other than 503 with Retry-After.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from audio_assets_tests.faults.crowd import Crowd, figures, lost, short_sound
from audio_assets_tests.integration.serving.conftest import ENDED, Stack, serve

VICTIMS = ("api", "daemon", "code server")
DIM = 32
PATIENCE_S = 1800.0


def main() -> int:
    """Run it."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="load-") as scratch:
        found = trial(Path(scratch) / "home", options)
    text = json.dumps(found, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")
    return 1 if found["faults"] else 0


def trial(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One served home, its crowd, and what became of what they were promised."""
    try:
        with contextmanager(serve)(home, {"AUDIO_ASSETS_UPLOAD_MAX_MB": "1"}) as stack:
            folders = prepare(stack, options.folders)
            before = resources(home)
            crowd = Crowd(stack.base, folders, DIM, options.seed)
            kills: list[str] = []
            killer = threading.Thread(target=kill, args=(home, options, kills))
            killer.start()
            asyncio.run(crowd.run(options.clients, options.seconds))
            killer.join()
            until_it_answers(stack)
            time.sleep(5)  # what was still under way when the clients left
            after = resources(home)
            faults = [*crowd.kept.wrong, *lost(stack.base, crowd.kept), *unended(stack)]
    finally:
        stop_database(home)
    left = [str(p) for p in (home / "data").rglob(".tmp-*")]
    faults += [f"{path} was left" for path in left]
    return {
        "clients": options.clients, "seconds": options.seconds, "seed": options.seed,
        "kills": kills, "api_before": before, "api_after": after, **figures(crowd.kept),
        "faults": faults,
    }  # fmt: skip


def prepare(stack: Stack, count: int) -> list[str]:
    """Folders of two recordings each, so that there is something to encode."""
    keys = [f"folder-{number}" for number in range(count)]
    for number, key in enumerate(keys):
        for one in range(2):
            files = {"file": (f"{one}.wav", short_sound(10 * number + one))}
            reply = stack.client.post(
                f"{stack.base}/audio/upload", files=files, data={"folder": key}
            )
            assert reply.status_code == 201, reply.text
    return keys


def kill(home: Path, options: argparse.Namespace, done: list[str]) -> None:
    """Kill one service after the other, evenly spread over the time."""
    for number in range(options.kills):
        time.sleep(options.seconds / (options.kills + 1))
        name = VICTIMS[number % len(VICTIMS)]
        os.kill(services(home)[name], signal.SIGKILL)
        done.append(name)
        print(f"killed the {name}", file=sys.stderr, flush=True)


def services(home: Path) -> dict[str, int]:
    """Process ids as the supervisor has noted them."""
    noted = json.loads((home / "data" / "serve" / "processes.json").read_text())
    return {name: entry["pid"] for name, entry in noted.items()}


def resources(home: Path) -> dict[str, float]:
    """Memory and descriptors of the API's process."""
    process = psutil.Process(services(home)["api"])
    memory = process.memory_info().rss / 1e6
    return {"rss_mb": round(memory), "descriptors": process.num_fds()}


def stop_database(home: Path) -> None:
    """End the MongoDB that runs of this home have started."""
    environment = {**os.environ, "AUDIO_ASSETS_HOME": str(home)}
    subprocess.run(
        [sys.executable, "-m", "audio_assets.cli", "stop"], env=environment, check=False,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def until_it_answers(stack: Stack) -> None:
    """Wait for an API that was killed last."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if stack.client.get(f"{stack.base}/health").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise AssertionError("the API does not come back")


def unended(stack: Stack) -> list[str]:
    """Waits for the end of all jobs; what did not end, or not well, and what lives twice."""
    deadline = time.monotonic() + PATIENCE_S
    jobs: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        jobs = stack.get("/processing/jobs", limit=1000)["items"]
        if all(job["state"] in ENDED for job in jobs):
            break
        time.sleep(2)
    faults = [f"job {j['job_id']}: {j['state']}, {j['error']}" for j in jobs
              if j["state"] != "finished"]  # fmt: skip
    wished = [json.dumps(job["request"], sort_keys=True) for job in jobs]
    faults += [f"{wish} became {wished.count(wish)} jobs" for wish in set(wished)
               if wished.count(wish) > 1]  # fmt: skip
    return faults


def parse() -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--folders", type=int, default=3, help="that jobs are asked for")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
