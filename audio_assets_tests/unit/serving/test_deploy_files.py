"""The files under deploy/ are what Dagster and this project accept; Docker is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[3] / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_dagster_accepts_the_settings_of_the_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster._config import process_config
    from dagster._core.instance.config import dagster_instance_config_schema

    given = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    for name in ("POSTGRES_HOST", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"):
        monkeypatch.setenv(name, "x")

    checked = process_config(dagster_instance_config_schema(), given)

    assert checked.success, checked.errors
    assert set(given["storage"]) == {"postgres"}


def test_the_containers_differ_from_one_machine_in_their_storage_only() -> None:
    ours = yaml.safe_load((DEPLOY.parent / "dagster.yaml").read_text())
    theirs = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())

    assert {k: v for k, v in theirs.items() if k != "storage"} == ours


def test_the_code_server_is_where_the_workspace_says(compose: dict[str, Any]) -> None:
    workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())
    server = workspace["load_from"][0]["grpc_server"]
    command = compose["services"][server["host"]]["command"]

    assert command[command.index("--port") + 1] == str(server["port"])
    assert command[command.index("--location-name") + 1] == server["location_name"]


def test_every_process_of_a_served_home_has_a_container(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"postgres", "code", "webserver", "daemon", "api"}
    assert compose["services"]["code"]["hostname"], "runs are tagged with the host's name"


def test_only_the_api_is_reachable_from_outside_and_needs_a_token(compose: dict[str, Any]) -> None:
    published = {name: s["ports"] for name, s in compose["services"].items() if "ports" in s}

    assert published == {"api": ["8000:8000"], "webserver": ["127.0.0.1:3000:3000"]}
    assert "?" in compose["services"]["api"]["environment"]["AUDIO_ASSETS_API_TOKEN"]


def test_all_processes_share_home_database_and_settings(compose: dict[str, Any]) -> None:
    ours = [s for name, s in compose["services"].items() if name != "postgres"]

    assert len({s["image"] for s in ours}) == 1
    assert len({str(s["volumes"]) for s in ours}) == 1
    assert len({s["environment"]["AUDIO_ASSETS_DATABASE_URL"] for s in ours}) == 1
