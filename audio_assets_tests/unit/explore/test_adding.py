"""Recordings that arrive in the App: checked, kept once, and only from the App's own page."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from starlette.applications import Starlette
from starlette.testclient import TestClient

from audio_assets.explore.adding.arriving import INCOMING, upload_folder
from audio_assets.explore.adding.routes import PATH, adding_routes
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.recordings.windows import WindowGrid

GRID = WindowGrid(policy="clip", window_s=1.0, hop_s=1.0)


def wav(seed: int = 1) -> bytes:
    sound = np.random.default_rng(seed).normal(scale=0.1, size=8000)
    stream = io.BytesIO()
    sf.write(stream, sound, 8000, format="WAV")
    return stream.getvalue()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("AUDIO_ASSETS_UPLOAD_MAX_MB", "1")
    return Home(tmp_path / "home").ensure()


@pytest.fixture
def app(home: Home) -> TestClient:
    routes = adding_routes(home)
    return TestClient(Starlette(routes=routes), "http://127.0.0.1:5151", client=("127.0.0.1", 9))


def files_of(home: Home) -> list[str]:
    found = (path for path in home.audio.rglob("*") if path.is_file())
    return sorted(path.relative_to(home.audio).as_posix() for path in found)


def test_a_sound_lands_once_under_a_name_made_of_its_content(app, home):
    first = app.put(PATH, params={"name": "../../évil name.wav"}, content=wav())
    again = app.put(PATH, params={"name": "other.wav"}, content=wav())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {"folder": "uploads", "path": first.json()["path"], "new": True}
    assert again.json() == {**first.json(), "new": False}
    assert files_of(home) == [f"uploads/{first.json()['path']}"]
    assert FolderRegistry(home).get("uploads").root == (home.audio / "uploads").resolve()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "It is empty"),
        (b"no sound at all", "This file cannot be used"),
        (b"\0" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_what_cannot_be_used_is_said_and_leaves_nothing_behind(app, home, content, reason):
    answer = app.put(PATH, params={"name": "x.wav"}, content=content)
    assert answer.status_code == 422
    assert reason in answer.json()["error"]
    assert files_of(home) == []
    assert list((home.audio / INCOMING).iterdir()) == []


def test_pages_of_others_and_other_machines_are_refused(app, home):
    foreign = app.put(PATH, content=wav(), headers={"Origin": "https://example.org"})
    assert foreign.status_code == 403
    own = app.put(PATH, content=wav(), headers={"Origin": "http://127.0.0.1:5151"})
    assert own.status_code == 201
    routes = adding_routes(home)
    remote = TestClient(Starlette(routes=routes), "http://app:5151", client=("192.0.2.7", 9))
    assert remote.put(PATH, content=wav(2)).status_code == 403


def test_a_folder_in_use_takes_no_uploads_and_one_for_uploads_takes_its_own(app, home, tmp_path):
    (tmp_path / "field").mkdir()
    FolderRegistry(home).register(tmp_path / "field", "field", grid=GRID)
    (home.audio / "sent").mkdir()
    FolderRegistry(home).register(home.audio / "sent", "sent", grid=GRID)
    assert upload_folder(home, "field", None) == "uploads"
    assert upload_folder(home, "sent", None) == "sent"
    assert upload_folder(home, None, None) == "uploads"
    refused = app.put(PATH, params={"name": "a.wav", "folder": "field"}, content=wav())
    assert refused.status_code == 422
    assert "takes no uploads" in refused.json()["error"]
    assert list((tmp_path / "field").iterdir()) == []
