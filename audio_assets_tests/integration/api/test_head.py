"""HEAD, OPTIONS and the first question after the start."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from audio_assets.api.context import Context
from audio_assets.home import Home
from audio_assets.settings import Settings
from audio_assets_tests.integration.api.conftest import left_over, send, sound
from audio_assets_tests.integration.api.stored_folder import store_vectors


def headers_of(reply: Any) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name != "date"}


@pytest.fixture
def audio(client: TestClient) -> dict[str, Any]:
    return send(client, sound(), "one.wav", folder="reef").json()["audio"]


@pytest.mark.parametrize("what", ["", "/raw", "/spectrogram?start_s=0&seconds=1"])
def test_head_says_what_get_would_without_a_body(
    client: TestClient, audio: dict[str, Any], what: str
) -> None:
    path = f"/audio/{audio['id']}{what}"
    got, head = client.get(path), client.head(path)

    assert (head.status_code, head.content) == (200, b"")
    assert headers_of(head) == headers_of(got)
    assert int(head.headers["content-length"]) == len(got.content) > 0


def test_a_range_is_of_get_alone(client: TestClient, audio: dict[str, Any]) -> None:
    path, part = f"/audio/{audio['id']}/raw", {"Range": "bytes=0-3"}

    head = client.head(path, headers=part)

    assert client.get(path, headers=part).status_code == 206
    assert (head.status_code, head.headers["content-length"]) == (200, str(audio["bytes"]))
    assert head.headers["accept-ranges"] == "bytes"
    assert client.head(path, headers={"Range": "bytes=999999999-"}).status_code == 200


def test_head_of_a_download_leaves_nothing_behind(
    client: TestClient, audio: dict[str, Any], settings: Settings
) -> None:
    home = Home.of(settings)
    store_vectors(home, "reef")
    (one,) = client.get("/processing/embedding-sets").json()["items"]
    path = f"/processing/embedding-sets/{one['id']}/download"

    got, head = client.get(path), client.head(path)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "content-disposition"):
        assert head.headers[name] == got.headers[name]
    assert left_over(settings.home) == []
    assert list(home.work.glob("embedding-set-*")) == []


def test_errors_and_other_methods_stay_what_they_are(
    client: TestClient, audio: dict[str, Any]
) -> None:
    missing = client.head(f"/audio/{'0' * 64}/raw")
    assert (missing.status_code, missing.content) == (404, b"")
    assert missing.headers["content-type"] == "application/problem+json"
    only_post = client.head("/audio/upload")
    assert (only_post.status_code, only_post.headers["allow"]) == (405, "POST")
    for method in ("OPTIONS", "TRACE", "POST"):
        reply = client.request(method, f"/audio/{audio['id']}/raw")
        assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD")
        assert reply.json()["detail"].startswith(f"{method} is not possible")


def test_health_does_not_wait_for_dagster_to_be_opened(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    real = Context.instance.fget
    assert real is not None

    def slow(context: Context) -> Any:
        opened.wait(60)
        return real(context)

    monkeypatch.setattr(Context, "instance", property(slow))
    first = client.get("/health")
    opened.set()
    later = client.get("/health")

    assert first.json()["dagster"] == {"ok": True, "detail": "is being opened"}
    assert first.status_code == later.status_code == 200
    assert later.json()["dagster"]["ok"]
