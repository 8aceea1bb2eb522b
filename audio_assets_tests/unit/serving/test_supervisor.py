"""The supervisor with small real processes in place of the services."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from audio_assets.errors import SettingsError, UsageError
from audio_assets.home import Home
from audio_assets.serving.leftovers import end_leftovers, note, processes_file
from audio_assets.serving.process import ServiceProcess, group_alive
from audio_assets.serving.services import Service, services_of
from audio_assets.serving.supervisor import serve
from audio_assets.settings import load_settings
from audio_assets.storage import read_json

SUPERVISE = """
import sys
from pathlib import Path
from audio_assets.errors import AudioAssetsError
from audio_assets.home import Home
from audio_assets.serving.services import Service
from audio_assets.serving import supervisor
from audio_assets.serving.supervisor import Supervisor
supervisor.FIRST_WAIT_S = 0.05
home = Home(Path(sys.argv[1])).ensure()
def service(name, code):
    return Service(name, (sys.executable, "-c", code), None, home.data / "serve" / f"{name}.log")
try:
    Supervisor(home, [service(*pair.split("=", 1)) for pair in sys.argv[2:]]).run()
except AudioAssetsError as error:
    sys.exit(str(error))
"""
SLEEP = "import time; time.sleep(600)"
WITH_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '{SLEEP}']); {SLEEP}"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).ensure()


@pytest.fixture
def supervise(home: Home) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(**services: str) -> subprocess.Popen[str]:
        pairs = [f"{name}={code}" for name, code in services.items()]
        command = [sys.executable, "-c", SUPERVISE, str(home.root), *pairs]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
    end_leftovers(home)


def noted(home: Home, count: int) -> dict[str, int]:
    """Pids by service once so many are noted."""
    return until(lambda: (p := pids(home)) and len(p) == count and p)


def pids(home: Home) -> dict[str, int]:
    path = processes_file(home)
    return {k: v["pid"] for k, v in read_json(path).items()} if path.exists() else {}


def until(found: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `found` gives, once it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_a_service_that_dies_is_named_and_started_again(
    home: Home, supervise: Callable[..., subprocess.Popen[str]]
) -> None:
    supervisor = supervise(one=SLEEP, two=SLEEP)
    before = noted(home, 2)
    os.kill(before["one"], signal.SIGKILL)

    after = until(lambda: pids(home).get("one") != before["one"] and pids(home))

    assert after["two"] == before["two"]
    supervisor.send_signal(signal.SIGTERM)
    _, said = supervisor.communicate(timeout=60)
    assert supervisor.returncode == 0
    assert "the one died (signal 9)" in said
    assert not psutil.pid_exists(after["one"])
    assert not processes_file(home).exists()


def test_stopping_ends_the_children_of_services_too(
    home: Home, supervise: Callable[..., subprocess.Popen[str]]
) -> None:
    supervisor = supervise(parent=WITH_CHILD)
    group = noted(home, 1)["parent"]
    child = until(lambda: psutil.Process(group).children())[0]

    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=60)

    assert until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert not group_alive(group)


def test_a_service_that_dies_again_and_again_stops_everything(
    home: Home, supervise: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = supervise(good=SLEEP, bad="raise SystemExit(3)")
    good = noted(home, 2)["good"]

    _, said = supervisor.communicate(timeout=120)

    assert supervisor.returncode == 1
    assert "The bad died 5 times" in said
    assert "exit status 3" in said
    assert not group_alive(good)


def test_what_a_killed_supervisor_left_is_ended_by_the_next(
    home: Home, supervise: Callable[..., subprocess.Popen[str]]
) -> None:
    supervisor = supervise(one=WITH_CHILD)
    group = noted(home, 1)["one"]
    supervisor.kill()
    supervisor.wait()
    assert group_alive(group)

    assert end_leftovers(home) == ["one"]

    assert not group_alive(group)
    assert end_leftovers(home) == []


def test_a_pid_that_is_used_again_is_left_alone(home: Home) -> None:
    service = Service("one", (sys.executable, "-c", SLEEP), None, home.data / "one.log")
    process = ServiceProcess(service)
    process.start()
    note(home, {"one": process.pid or 0})
    text = processes_file(home).read_text()
    started = str(read_json(processes_file(home))["one"]["started"])
    processes_file(home).write_text(text.replace(started, "1.0"))

    assert end_leftovers(home) == []

    assert process.ended() is None
    process.stop(10)
    assert process.ended() is not None


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port}.*AUDIO_ASSETS_DAGSTER_PORT"):
            serve(load_settings(home=tmp_path, dagster_port=port, code_server_port=1, api_port=2))


def test_an_open_address_without_a_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="AUDIO_ASSETS_API_TOKEN"):
        serve(load_settings(home=tmp_path, api_host="0.0.0.0"))


def test_webserver_and_daemon_load_the_code_server_of_the_settings(home: Home) -> None:
    services = services_of(home, load_settings(home=home.root, code_server_port=4999))
    by_name = {service.name: service for service in services}

    (workspace,) = {
        s.command[s.command.index("--workspace") + 1]
        for s in services
        if "--workspace" in s.command
    }
    loaded = yaml.safe_load(Path(workspace).read_text())["load_from"][0]["grpc_server"]

    assert list(by_name) == ["code server", "webserver", "daemon", "api"]
    assert loaded == {"host": "127.0.0.1", "port": 4999, "location_name": "audio_assets"}
    assert by_name["code server"].address == ("127.0.0.1", 4999)
    assert all(s.environment["DAGSTER_HOME"] == str(home.root) for s in services)
