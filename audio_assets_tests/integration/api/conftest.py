"""An application on a home of its own, called in process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from starlette.testclient import TestClient

from audio_assets.api.app import create_app
from audio_assets.settings import Settings

RATE = 8000


def sound(seed: int = 0, seconds: float = 1.2, kind: str = "WAV", subtype: str = "PCM_16") -> bytes:
    """A tone in noise as the bytes of a sound file."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * (300 + 100 * seed) * time) + rng.normal(
        scale=0.05, size=len(time)
    )
    buffer = io.BytesIO()
    sf.write(buffer, wave.astype(np.float32), RATE, format=kind, subtype=subtype)
    return buffer.getvalue()


def send(client: TestClient, content: bytes, name: str = "a.wav", **fields: Any) -> Any:
    """Upload a file."""
    return client.post("/audio/upload", files={"file": (name, content)}, data=fields)


def left_over(home: Path) -> list[Path]:
    """Temporary files below data/audio and data/work."""
    return [p for part in ("audio", "work") for p in (home / "data" / part).rglob(".tmp-*")]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("FIFTYONE_DATABASE_URI", "AUDIO_ASSETS_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Settings(home=tmp_path / "home", device="cpu", upload_max_mb=1, upload_max_hours=0.01)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client
