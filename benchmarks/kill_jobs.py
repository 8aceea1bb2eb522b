"""Kill -9 of API, daemon, code server and run worker at random moments of a job; does it end right?

    python benchmarks/kill_jobs.py FOLDER --home DIR [--kills 6] [--seed 1] [--checkpoint NAME]
    python benchmarks/kill_jobs.py FOLDER --home DIR --encoding --window 5 --hop 1

With `--encoding` kills are aimed: each waits until between 10 and 90 % of the windows are encoded
(further on each time), then a worker, the daemon, or all at once go.

Serves a fresh home, asks for a job over HTTP, kills, and waits for the verdict. Then an undisturbed
run in a second home is the reference: the embeddings must be equal to the byte, no window may have
been published by two runs, and one job must have been stored. Prints one JSON object; exit status 1
when something was lost or computed twice.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

VICTIMS = ("worker", "api", "daemon", "worker", "code server", "serve's four at once")
AIMED = ("worker", "daemon", "serve's four at once")
QUICK = {"AUDIO_ASSETS_COMPUTE_TSNE": "false", "AUDIO_ASSETS_COMPUTE_UMAP": "false"}


def main() -> int:
    """Run it."""
    options = parse()
    random.seed(options.seed)
    home, reference = options.home / "killed", options.home / "reference"
    ports = free_ports(3)
    environment = {
        **os.environ, **QUICK,
        "AUDIO_ASSETS_HOME": str(home),
        "AUDIO_ASSETS_API_PORT": str(ports[0]),
        "AUDIO_ASSETS_DAGSTER_PORT": str(ports[1]),
        "AUDIO_ASSETS_CODE_SERVER_PORT": str(ports[2]),
    }  # fmt: skip
    if options.checkpoint:
        environment["AUDIO_ASSETS_CHECKPOINT"] = options.checkpoint
    key = register(options, environment)
    started = time.time()
    with serving(environment):
        job = ask(ports[0], key, options.patience)
        kills = disturb(home, ports[0], job, options)
        verdict = wait_for_end(ports[0], job, options.patience)
        again = ask(ports[0], key, options.patience)  # the same key: the same job
    report = {
        "verdict": verdict["state"],
        "error": verdict["error"],
        "seconds": round(time.time() - started, 1),
        "kills": kills,
        "runs": [(run["unit"], run["status"]) for run in verdict["runs"]],
        "one_job": again == job,
        "results": verdict["results"],
        "publications": publications(home),
    }
    compare(report, home, reference, options, key, environment)
    print(json.dumps(report, indent=2))
    return 0 if all(report["checks"].values()) else 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Kill -9 at random moments of a job.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, required=True, help="an empty directory")
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--pause", type=float, default=20.0, help="longest wait between kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint")
    parser.add_argument("--window", type=float, help="seconds; the checkpoint's input if not given")
    parser.add_argument("--hop", type=float, help="seconds")
    parser.add_argument("--encoding", action="store_true", help="only while windows are encoded")
    parser.add_argument("--patience", type=float, default=3600.0)
    return parser.parse_args()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def register(options: argparse.Namespace, environment: dict[str, str]) -> str:
    """Register the folder in the home that is to be served; its key."""
    code = (
        "import sys; from pathlib import Path; from audio_assets.home import Home;"
        "from audio_assets.settings import load_settings as s;"
        "from audio_assets.running import register_folder as r;"
        "grid = {n: float(v) for n, v in (a.split('=') for a in sys.argv[2:])};"
        "print(r(Home.of(s()).ensure(), Path(sys.argv[1]), s().checkpoint, **grid).key)"
    )
    given = {"window": options.window, "hop": options.hop}
    grid = [f"{name}={value}" for name, value in given.items() if value]
    command = [sys.executable, "-c", code, str(options.folder), *grid]
    return subprocess.check_output(command, env=environment, text=True).strip()


@contextlib.contextmanager
def serving(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`audio-assets serve` while the block runs."""
    command = [sys.executable, "-m", "audio_assets.cli", "serve"]
    process = subprocess.Popen(command, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def call(port: int, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    """One request; JSON in and out."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=120) as reply:  # noqa: S310 (our own API)
        return json.load(reply)


def until_answered(patience_s: float, *arguments: Any, **headers: str) -> Any:
    """`call`, again and again while the API is down."""
    deadline = time.time() + patience_s
    while True:
        try:
            return call(*arguments, **headers)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{arguments}: {error.read().decode()}") from error
        except OSError:
            if time.time() > deadline:
                raise
            time.sleep(0.5)


def ask(port: int, key: str, patience_s: float) -> str:
    """Ask for the job; a retry after a lost answer gives the same one."""
    headers = {"Idempotency-Key": "kill-jobs"}
    return until_answered(patience_s, port, "/processing/jobs", {"folder": key}, **headers)[
        "job_id"
    ]


def disturb(home: Path, port: int, job: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Kill something every now and then until the job has ended or there were enough kills."""
    done: list[dict[str, Any]] = []
    victims = AIMED if options.encoding else VICTIMS
    deadline = time.time() + options.patience
    while len(done) < options.kills and time.time() < deadline:
        longest = 0.3 if options.encoding else options.pause
        time.sleep(random.uniform(0.3, 1.0) * longest)  # noqa: S311 (no secret)
        state = until_answered(options.patience, port, f"/processing/jobs/{job}")
        if state["state"] not in ("queued", "running"):
            break
        encoded = (state["windows_done"] or 0) / (state["windows_total"] or 1)
        wanted = 0.1 + 0.75 * len(done) / options.kills
        if options.encoding and not wanted <= encoded <= 0.9:
            continue
        victim = victims[len(done) % len(victims)]
        pids = find(home, victim)
        if not pids:
            continue
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        done.append({"victim": victim, "stage": state["stage"], "share": state["share"],
                     "encoded": round(encoded, 3)})  # fmt: skip
        print(f"killed {victim} {pids} at {state['stage']} ({state['share']})", file=sys.stderr)
    return done


def find(home: Path, victim: str) -> list[int]:
    """Process ids of a victim; a worker is a process below the code server that runs a run."""
    noted = json.loads((home / "data" / "serve" / "processes.json").read_text())
    if victim == "serve's four at once":
        return [pid for name in noted for pid in (noted[name]["pid"], *below(noted[name]["pid"]))]
    if victim != "worker":
        return [noted[victim]["pid"]]
    workers = below(noted["code server"]["pid"])
    return [random.choice(workers)] if workers else []  # noqa: S311 (a run's worker, or its step's)


def below(pid: int) -> list[int]:
    """Workers below a process."""
    try:
        children = psutil.Process(pid).children(recursive=True)
        lines = [(child.pid, " ".join(child.cmdline())) for child in children]
    except psutil.Error:
        return []
    return [pid for pid, line in lines if "spawn_main" in line]


def wait_for_end(port: int, job: str, patience_s: float) -> dict[str, Any]:
    """The job once it has ended."""
    deadline = time.time() + patience_s
    while True:
        found = until_answered(patience_s, port, f"/processing/jobs/{job}")
        if found["state"] not in ("queued", "running", "canceling") or time.time() > deadline:
            return found
        time.sleep(2)


def publications(home: Path) -> list[dict[str, int]]:
    """What every materialization of embeddings says it computed, whoever asked for it."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home)) as instance:
        filters = dg.AssetRecordsFilter(dg.AssetKey("embeddings"))
        records = instance.fetch_materializations(filters, limit=1000).records
        events = [record.asset_materialization for record in reversed(records)]
    names = {"dagster/row_count": "windows", **{n: n for n in ("encoded", "reused", "resumed")}}
    return [{to: int(str(e.metadata[n].value)) for n, to in names.items()} for e in events if e]


def compare(
    report: dict[str, Any], home: Path, reference: Path, options: argparse.Namespace, key: str,
    environment: dict[str, str],
) -> None:  # fmt: skip
    """Add the checks, against an undisturbed run in a home of its own."""
    cli = [sys.executable, "-m", "audio_assets.cli"]
    command = [*cli, "run", str(options.folder), "--name", key, "--json"]
    for name in ("window", "hop"):
        command += [f"--{name}", str(getattr(options, name))] if getattr(options, name) else []
    own = {**environment, "AUDIO_ASSETS_HOME": str(reference)}
    printed = subprocess.check_output(command, env=own, text=True)
    undisturbed = json.loads(printed.splitlines()[-1])
    for root in (home, reference):
        subprocess.run(
            [*cli, "stop"],
            env={**environment, "AUDIO_ASSETS_HOME": str(root)},
            check=False,
            stdout=sys.stderr,  # standard output is the report
        )
    hashes = [digest(root, undisturbed["checkpoint"], key) for root in (home, reference)]
    computed = sum(one["encoded"] + one["resumed"] for one in report["publications"])
    report["windows"], report["sha256"] = undisturbed["windows"], hashes
    report["checks"] = {
        "finished": report["verdict"] == "finished",
        "one_job": report["one_job"],
        "equal_to_the_byte": hashes[0] == hashes[1],
        "each_window_computed_once": computed == undisturbed["windows"],
        "killed_as_often_as_wanted": len(report["kills"]) == options.kills or not options.encoding,
    }


def digest(home: Path, checkpoint: str, key: str) -> str:
    """SHA-256 of the embeddings file."""
    path = home / "data" / "assets" / "embeddings" / checkpoint / f"{key}.parquet"
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
