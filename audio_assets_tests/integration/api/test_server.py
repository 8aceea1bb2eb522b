"""A real uvicorn on a real port, as curl would meet it; and what monitoring sees."""

import contextlib
import os
import socket
import subprocess
import sys
import time

import httpx
import pytest

from audio_assets_tests.integration.api.conftest import left_over, send, sound

START = (
    "from audio_assets.settings import load_settings;"
    "from audio_assets.serving.api_server import serve_api;"
    "serve_api(load_settings())"
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    port = free_port()
    env = {**os.environ, "AUDIO_ASSETS_HOME": str(tmp_path), "AUDIO_ASSETS_API_PORT": str(port),
           "AUDIO_ASSETS_API_TOKEN": "right", "AUDIO_ASSETS_UPLOAD_MAX_MB": "1"}  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", START], env=env)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(900):
            try:
                httpx.get(base, timeout=5)
                break
            except httpx.HTTPError:
                assert process.poll() is None
                time.sleep(0.1)
        yield base, tmp_path
    finally:
        process.terminate()
        process.wait(30)


def test_the_story_over_a_socket(server):
    base, home = server
    assert httpx.get(f"{base}/audio/", timeout=30).status_code == 401
    auth = {"authorization": "Bearer right"}
    with httpx.Client(base_url=base, headers=auth, timeout=60) as client:
        added = client.post("/audio/upload", files={"file": ("a.wav", sound())})
        assert added.status_code == 201
        audio = added.json()["audio"]
        assert [i["id"] for i in client.get("/audio/").json()["items"]] == [audio["id"]]
        part = client.get(f"/audio/{audio['id']}/raw", headers={"range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, b"RIFF")
        assert client.get(f"/audio/{audio['id']}/spectrogram").content[:4] == b"\x89PNG"

        def endless():
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
            for _ in range(40):
                yield bytes(100_000)

        headers = {"content-type": "multipart/form-data; boundary=x"}
        with contextlib.suppress(httpx.WriteError):  # the server may hang up on the rest
            reply = client.post("/audio/upload", content=endless(), headers=headers)
            assert reply.status_code == 413
    assert left_over(home) == []


def test_other_machines_need_a_token(tmp_path):
    env = {**os.environ, "AUDIO_ASSETS_HOME": str(tmp_path), "AUDIO_ASSETS_API_HOST": "0.0.0.0"}
    env.pop("AUDIO_ASSETS_API_TOKEN", None)
    found = subprocess.run([sys.executable, "-c", START], env=env, capture_output=True, text=True)
    assert found.returncode != 0
    assert "AUDIO_ASSETS_API_TOKEN" in found.stderr


def test_health_and_metrics_say_what_is_there(client, settings):
    send(client, sound())
    health = client.get("/health")
    assert health.status_code == 200
    assert {health.json()[part]["ok"] for part in ("home", "dagster")} == {True}
    assert not (settings.home / ".fiftyone").exists()
    text = client.get("/metrics").text
    assert 'audio_assets_recordings{status="ok"} 1.0' in text
    assert "audio_assets_uploads 1.0" in text
    assert 'route="/audio/upload",status="201"' in text


def test_the_description_for_people_loads_nothing(client):
    page = client.get("/docs")
    assert page.status_code == 200
    assert "/audio/upload" in page.text
    assert "script" not in page.text.split("<h2>", 1)[0]
    assert "https://" not in page.text.split("<h2>", 1)[0]
