"""`audio-assets serve` as it is, four real processes on a home of their own, over HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import numpy as np
import psutil
import pytest
import soundfile as sf
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from audio_assets.explore.mongod import stop_database
from audio_assets.home import Home
from audio_assets.settings import PROJECT_DIR

ENDED = ("finished", "failed", "canceled")
PATIENCE_S = 600.0  # a broken stack must fail, a busy machine must not
QUICK = {
    "AUDIO_ASSETS_FAKE_MODEL": "true",
    "AUDIO_ASSETS_DEVICE": "cpu",
    "AUDIO_ASSETS_COMPUTE_TSNE": "false",
    "AUDIO_ASSETS_COMPUTE_UMAP": "false",
    "AUDIO_ASSETS_CLUSTER_DIMENSIONS": "0",
    "AUDIO_ASSETS_SENSOR_INTERVAL_S": "3600",  # only what jobs ask for
}


@dataclass
class Stack:
    """A served home."""

    home: Path
    base: str
    log: Path
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=120))

    def get(self, path: str, **params: Any) -> Any:
        reply = self.client.get(f"{self.base}{path}", params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        return self.client.post(f"{self.base}{path}", json=body or {}, headers=headers)

    def ask(self, kind: str, **body: Any) -> str:
        """Path of the job that was made."""
        reply = self.post(f"/{kind}/jobs", body)
        assert reply.status_code == 202, reply.text
        return reply.headers["location"]

    def cancel(self, job: str) -> str:
        reply = self.post(f"{job}/cancel")
        assert reply.status_code == 202, reply.text
        return reply.json()["state"]

    def until(self, job: str, found: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The job once something is so; it may end only as is looked for."""
        deadline, shown = time.monotonic() + PATIENCE_S, {}
        while time.monotonic() < deadline:
            shown = self.get(job)
            if found(shown):
                return shown
            assert shown["state"] not in ENDED, (shown["state"], shown["error"])
            time.sleep(0.5)  # each look reads Dagster's records
        raise AssertionError(f"it did not happen: {shown}\n{self.log.read_text()[-2000:]}")

    def ended(self, job: str) -> dict[str, Any]:
        return self.until(job, lambda shown: shown["state"] in ENDED)

    def worker(self, shown: dict[str, Any], unit: str) -> psutil.Process | None:
        """The process that executes the last run of a unit, once it has said who it is."""
        run_id = [run["run_id"] for run in shown["runs"] if run["unit"] == unit][-1]
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            run = instance.get_run_by_id(run_id)
        named = run.tags.get("audio_assets/pid", "") if run else ""
        if not named:
            return None
        pid = int(named.split()[-1].partition("@")[0])  # the run's worker, above its step's
        return psutil.Process(pid) if psutil.pid_exists(pid) else None

    def free_slots(self) -> bool:
        """Whether no run that has ended holds a slot of a pool."""
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            storage = instance.event_log_storage
            held = {
                run_id
                for key in storage.get_concurrency_keys()
                for run_id in storage.get_concurrency_info(key).active_run_ids
            }
            runs = [instance.get_run_by_id(run_id) for run_id in held]
        return not any(run is None or run.is_finished for run in runs)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def gone(process: psutil.Process) -> bool:
    """Whether a process ends within a little time."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


def write_tones(path: Path, seconds: int, rate: int = 8000) -> None:
    """A recording whose pitch rises from minute to minute."""
    rng = np.random.default_rng(5)
    time_s = np.arange(rate) / rate
    with sf.SoundFile(path, "w", rate, 1, "PCM_16") as stream:
        for second in range(seconds):
            wave = 0.3 * np.sin(2 * np.pi * (200 + 50 * (second // 8)) * time_s)
            stream.write((wave + rng.normal(scale=0.02, size=rate)).astype(np.float32))


def serve(home: Path, extra: dict[str, str]) -> Iterator[Stack]:
    """Serve a home until the generator is closed."""
    ports = free_ports(3)
    names = ("API_PORT", "DAGSTER_PORT", "CODE_SERVER_PORT")
    environment = {
        **{
            k: v
            for k, v in os.environ.items()
            if k not in ("DAGSTER_HOME", "AUDIO_ASSETS_API_TOKEN")
        },
        **QUICK,
        "AUDIO_ASSETS_HOME": str(home),
        **{f"AUDIO_ASSETS_{name}": str(port) for name, port in zip(names, ports, strict=True)},
        **extra,
    }
    home.mkdir(parents=True, exist_ok=True)
    log = home / "serve.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "audio_assets.cli", "serve"],
            env=environment, stdout=stream, stderr=subprocess.STDOUT,
        )  # fmt: skip
    stack = Stack(home, f"http://127.0.0.1:{ports[0]}", log)
    try:
        _until_it_answers(stack, process)
        yield stack
    finally:
        stack.client.close()
        process.send_signal(signal.SIGTERM)
        process.wait(120)
        stop_database(Home(home))  # which a run may have started, and which outlives what is served


def _until_it_answers(stack: Stack, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, stack.log.read_text()
        try:
            stack.client.get(f"{stack.base}/health")
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(stack.log.read_text())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One served home for all tests of a module.

    Its state is in SQLite; or in a Postgres database of its own, by the files of `deploy/`, where
    `AUDIO_ASSETS_TEST_POSTGRES` says where one runs.
    """
    home = tmp_path_factory.mktemp("served") / "home"
    with postgres(home) as environment:
        yield from serve(home, environment)


@contextmanager
def postgres(home: Path) -> Iterator[dict[str, str]]:
    """The environment that keeps a home's state in a new Postgres database, dropped afterwards."""
    address = os.environ.get("AUDIO_ASSETS_TEST_POSTGRES")
    if not address:
        yield {}
        return
    url = make_url(address)
    own = url.set(database=f"served_{uuid.uuid4().hex[:12]}")
    environment = {
        "POSTGRES_HOST": url.host or "127.0.0.1",
        "POSTGRES_USER": url.username or "",
        "POSTGRES_PASSWORD": url.password or "none",
        "POSTGRES_DB": str(own.database),
        "AUDIO_ASSETS_DATABASE_URL": own.render_as_string(hide_password=False),
    }
    config = (PROJECT_DIR / "deploy" / "dagster.yaml").read_text()
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(config.replace("5432", str(url.port or 5432)))
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, pytest.MonkeyPatch.context() as patch:
        connection.execute(text(f"CREATE DATABASE {own.database}"))
        for name, value in environment.items():
            patch.setenv(name, value)
        yield environment
        connection.execute(text(f"DROP DATABASE {own.database} WITH (FORCE)"))
    engine.dispose()
