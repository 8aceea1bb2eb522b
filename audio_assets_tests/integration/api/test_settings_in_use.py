"""What the settings of the merged systems do: grid, default model, models directory, database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from audio_assets.api.app import create_app
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.models.fake_checkpoint import FAKE_CHECKPOINT, WEIGHTS, ensure_fake_checkpoint
from audio_assets.recordings.windows import WindowGrid
from audio_assets.settings import Settings
from audio_assets_tests.integration.api.conftest import send, sound
from audio_assets_tests.unit.models_adapters.tiny_models import write_onnx


@pytest.fixture
def client_of(settings: Settings) -> Iterator[Callable[..., TestClient]]:
    """A client of an application with other settings."""
    with ExitStack() as stack:

        def start(**changes: Any) -> TestClient:
            app = create_app(settings.model_copy(update=changes))
            return stack.enter_context(TestClient(app, base_url="http://127.0.0.1"))

        yield start


def grid_after(client: TestClient, home: Path, **asked: Any) -> WindowGrid:
    """The grid of an uploaded recording's folder once a job was asked for."""
    send(client, sound(), folder="reef")
    reply = client.post("/processing/jobs", json={"folder": "reef", **asked})
    assert reply.status_code == 202, reply.text
    (key,) = reply.json()["request"]["folders"]
    return FolderRegistry(Home(home)).get(key).grid


def test_window_s_is_the_grid_of_a_new_folder(
    client_of: Callable[..., TestClient], settings: Settings
) -> None:
    grid = grid_after(client_of(window_s=0.4), settings.home)
    assert (grid.policy, grid.window_s, grid.hop_s) == ("sliding", 0.4, 0.4)


def test_a_request_wins_over_window_s(
    client_of: Callable[..., TestClient], settings: Settings
) -> None:
    grid = grid_after(client_of(window_s=0.4), settings.home, window_s=0.6, hop_s=0.3)
    assert (grid.window_s, grid.hop_s) == (0.6, 0.3)


def test_window_s_leaves_folders_alone_that_have_a_grid(
    client_of: Callable[..., TestClient], settings: Settings
) -> None:
    before = grid_after(client_of(), settings.home)
    client = client_of(window_s=0.4)
    client.post("/processing/jobs", json={"folder": "reef"})
    assert FolderRegistry(Home(settings.home)).get("reef").grid == before


def test_the_fake_model_is_the_default_model(
    client_of: Callable[..., TestClient], settings: Settings
) -> None:
    client = client_of(fake_model=True)
    send(client, sound(), folder="reef")
    job = client.post("/processing/jobs", json={"folder": "reef"}).json()
    assert job["request"]["checkpoint"] == FAKE_CHECKPOINT


def test_models_are_taken_from_the_models_directory_alone_with_their_own_rate(
    client_of: Callable[..., TestClient], settings: Settings, tmp_path: Path
) -> None:
    elsewhere, models = Home(tmp_path / "elsewhere").ensure(), tmp_path / "zoo"
    ensure_fake_checkpoint(elsewhere)
    models.mkdir()
    shutil.copy(elsewhere.checkpoints / FAKE_CHECKPOINT / WEIGHTS, models / "tiny.safetensors")
    write_onnx(models / "plain.onnx")
    client = client_of(models_dir=models, target_sample_rate=8000)

    scanned = [one["path"] for one in client.get("/admin/models/scan").json()["items"]]
    added = {
        file: client.post("/admin/models", json={"source": file, "licence": "CC0-1.0"}).json()
        for file in scanned
    }
    without = client_of(models_dir=models).post(
        "/admin/models", json={"source": "plain.onnx", "licence": "CC0-1.0"}
    )

    assert scanned == ["plain.onnx", "tiny.safetensors"]
    assert "does not state its sample rate" in without.json()["detail"]
    assert "constant vector" in added["plain.onnx"]["detail"], "it had a rate and was probed"
    assert added["tiny.safetensors"]["sample_rate"] == 22050, "its family has its own"


def test_jobs_are_kept_in_the_database_that_is_named(
    client_of: Callable[..., TestClient], settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere" / "jobs.sqlite"
    client = client_of(database_url=f"sqlite:///{file}")
    assert client.get("/processing/jobs").json()["items"] == []
    assert file.is_file()
    assert not (settings.home / "data" / "jobs").exists()
