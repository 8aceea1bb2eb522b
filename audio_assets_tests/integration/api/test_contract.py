"""The OpenAPI description against the application: generated requests, no 5xx, no surprise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from audio_assets.api.app import create_app
from audio_assets.home import Home
from audio_assets.settings import Settings
from audio_assets_tests.integration.api.conftest import send, sound
from audio_assets_tests.integration.api.stored_folder import store_vectors

# A well-formed request may still be refused for what it names: bytes that are no sound, a folder
# that is not there. No schema can say so; requests that only read must be answered.

LOOPBACK = {"host": "127.0.0.1"}
EXAMPLES = 4


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The description of an application that holds recordings, vectors and a directory."""
    settings = Settings(home=tmp_path_factory.mktemp("contract"), device="cpu", upload_max_mb=1)
    app = create_app(settings)
    client = TestClient(app, base_url="http://127.0.0.1")
    for seed in range(3):
        assert send(client, sound(seed), f"{seed}.wav").status_code == 201
    store_vectors(Home.of(settings), "uploads")
    assert client.get("/health").status_code == 200  # the first one imports Dagster
    return schemathesis.openapi.from_asgi("/openapi.json", app, headers=LOOPBACK)


def _words(error: BaseException) -> str:
    parts = getattr(error, "exceptions", [error])
    return "; ".join(f"{type(part).__name__}: {part}" for part in parts)


def check_all(description: Any, mode: Any) -> list[str]:
    """Call every operation with generated requests; returns what did not keep to its word."""
    broken: list[str] = []
    for result in description.get_all_operations():
        operation = result.ok()

        @hypothesis_settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            refusable = [positive_data_acceptance] if case.method != "GET" else []
            case.call_and_validate(headers=LOOPBACK, excluded_checks=refusable)

        try:
            check()
        except Unsatisfiable:
            continue
        except (Exception, BaseExceptionGroup) as error:
            broken.append(f"{operation.label}: {_words(error)}")
    return broken


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=str)
def test_every_operation_keeps_to_its_description(description: Any, mode: Any) -> None:
    assert check_all(description, mode) == []


def test_chains_of_requests_keep_to_their_description(description: Any) -> None:
    """What schemathesis infers to belong together: jobs with their ids, models with their names."""
    assert description.analysis.inject_links() > 10
    machine = description.as_state_machine()
    refusable = [positive_data_acceptance]
    assert {"use_after_free", "ensure_resource_availability", "not_a_server_error"} <= set(
        CHECKS.get_all_names()
    )

    class Chains(machine):
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": LOOPBACK}

        def validate_response(self, response: Any, case: Any, **more: Any) -> None:
            case.validate_response(response, excluded_checks=refusable)

    Chains.run(
        settings=hypothesis_settings(
            max_examples=10, stateful_step_count=6, deadline=None, database=None, derandomize=True,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )
    )  # fmt: skip


def test_the_description_names_every_endpoint_of_the_issue(tmp_path: Path) -> None:
    paths = create_app(Settings(home=tmp_path)).openapi()["paths"]
    wanted = {
        "/audio/upload": {"post"}, "/audio/": {"get"}, "/audio/{id}": {"get"},
        "/audio/{id}/metadata": {"put"}, "/audio/{id}/raw": {"get"},
        "/audio/{id}/spectrogram": {"get"}, "/search": {"post"}, "/health": {"get"},
        "/metrics": {"get"}, "/admin/models": {"get", "post"}, "/admin/models/scan": {"get"},
        "/admin/models/{id}": {"put", "delete"}, "/admin/models/{id}/set-default": {"post"},
    }  # fmt: skip
    for path, methods in wanted.items():
        assert methods <= paths[path].keys(), path
