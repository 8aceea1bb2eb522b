"""The four processes of a served home: how each is started, and where it listens."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from audio_assets.home import Home
from audio_assets.settings import Settings
from audio_assets.storage import atomic_open

LOCATION = "audio_assets"
ANSWER_S = 300
"""Dagster waits so long for its code server; its own 60 s lose runs on a machine that is busy."""


@dataclass(frozen=True)
class Service:
    """One process.

    Attributes:
        name: for people.
        command: with its arguments.
        address: host and port that it listens on; None for the daemon.
        log: file that gets its output.
        environment: added to this process's own.
    """

    name: str
    command: tuple[str, ...]
    address: tuple[str, int] | None
    log: Path
    environment: dict[str, str] = field(default_factory=dict)


def services_of(home: Home, settings: Settings) -> list[Service]:
    """The services of a home in the order of their start; they stop in the opposite order.

    The code server has a fixed port, so that a restarted one is found again by webserver and
    daemon, and by the runs that are waiting.
    """
    python = sys.executable
    workspace = str(write_workspace(home, settings))
    directory = home.data / "serve"  # Dagster empties a directory `logs` of its home
    code = ("127.0.0.1", settings.code_server_port)
    web = ("127.0.0.1", settings.dagster_port)
    # a relative home must not depend on where a service is started
    own = {
        "DAGSTER_HOME": str(home.root),
        "AUDIO_ASSETS_HOME": str(home.root),
        "AUDIO_ASSETS_API_HOST": settings.api_host,
        "AUDIO_ASSETS_API_PORT": str(settings.api_port),
        "DAGSTER_GRPC_TIMEOUT_SECONDS": os.environ.get(
            "DAGSTER_GRPC_TIMEOUT_SECONDS", str(ANSWER_S)
        ),
    }

    def service(name: str, address: tuple[str, int] | None, *command: str) -> Service:
        log = directory / f"{name.replace(' ', '-')}.log"
        return Service(name, (python, "-m", *command), address, log, own)

    return [
        service(
            "code server", code, "dagster", "api", "grpc",
            "--module-name", "audio_assets.definitions", "--location-name", LOCATION,
            "--host", code[0], "--port", str(code[1]), "--lazy-load-user-code",
            "--use-python-environment-entry-point", "--log-level", "warning",
        ),
        service(
            "webserver", web, "dagster_webserver", "--workspace", workspace,
            "--host", web[0], "--port", str(web[1]), "--code-server-log-level", "warning",
        ),
        service("daemon", None, "dagster._daemon", "run", "--workspace", workspace),
        service("api", (settings.api_host, settings.api_port), "audio_assets.cli", "api"),
    ]  # fmt: skip


def write_workspace(home: Home, settings: Settings) -> Path:
    """Write the workspace file that names the code server, for webserver and daemon."""
    server = {
        "host": "127.0.0.1",
        "port": settings.code_server_port,
        "location_name": LOCATION,
    }
    path = home.data / "serve" / "workspace.yaml"
    with atomic_open(path) as stream:
        stream.write(yaml.safe_dump({"load_from": [{"grpc_server": server}]}).encode())
    return path


def full_environment(service: Service) -> dict[str, str]:
    """The environment of a service's process."""
    return {**os.environ, **service.environment, "PYTHONUNBUFFERED": "1"}
