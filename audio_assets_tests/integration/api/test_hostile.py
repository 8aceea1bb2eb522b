"""Bodies and paths that are sent to do harm: each is refused soon, by a problem, without a 5xx."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from audio_assets.api.body_limit import MOST_MEMBERS
from audio_assets.api.problems import MOST_ERRORS
from audio_assets.settings import Settings
from audio_assets_tests.integration.api.conftest import left_over, send, sound

JSON = {"content-type": "application/json"}
FORM = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'


def test_a_long_boundary_is_malformed(client: TestClient) -> None:
    kind = "multipart/form-data; boundary=" + "x" * 1000
    reply = client.post("/audio/upload", content=b"--x--", headers={"content-type": kind})
    assert reply.status_code == 400
    assert "Boundary" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 100_000 + b"--x--", 413),
        (PART + b"X: " + b"a" * 900_000 + b"\r\n\r\n1\r\n--x--", 400),
        (PART + b"X: a\r\n" * 100_000 + b"\r\n1\r\n--x--", 400),
        (PART.replace(b"a.wav", b"a" * 4000 + b".wav") + b"\r\n1\r\n--x--", 422),
    ],
    ids=["100,000 parts", "a header of a part", "headers of a part", "a file name"],
)
def test_a_form_is_bounded_in_every_direction(
    client: TestClient, settings: Settings, body: bytes, status: int
) -> None:
    begun = time.monotonic()
    reply = client.post("/audio/upload", content=body, headers={"content-type": FORM})
    assert reply.status_code == status, reply.text
    assert time.monotonic() - begun < 5
    assert left_over(settings.home) == []


@pytest.mark.parametrize("path", ["/search", "/processing/jobs", "/clustering/jobs"])
def test_unknown_members_are_not_described_one_by_one(client: TestClient, path: str) -> None:
    some = json.dumps({f"k{i}": 1 for i in range(MOST_MEMBERS - 10)})
    reply = client.post(path, content=some, headers=JSON)
    assert reply.status_code == 422
    assert len(reply.json()["errors"]) == MOST_ERRORS
    assert len(reply.content) < 10_000

    many = json.dumps({f"k{i}": 1 for i in range(MOST_MEMBERS + 10)})
    assert client.post(path, content=many, headers=JSON).status_code == 413


def test_metadata_of_too_many_columns_are_one_error(client: TestClient) -> None:
    audio = send(client, sound()).json()["audio"]
    body: dict[str, Any] = {f"k{i}": [] for i in range(5000)}
    reply = client.put(f"/audio/{audio['id']}/metadata", json=body)
    assert reply.status_code == 422
    assert [e["message"] for e in reply.json()["errors"]] == [
        "expected at most 100 members, found 5000"
    ]
    assert send(client, sound(1), metadata=json.dumps(body)).status_code == 422
    wanted = {"vector": [1.0], "where": body}
    assert len(client.post("/search", json=wanted).json()["errors"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"path":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"path": NaN}',
        b'{"path":' + b"9" * 100_000 + b"}",
        b'{"path": "\\ud800"}',
        b'{"path": "x", "\\ud800": 1}',
        b'\xff\xfe{"path": "x"}',
    ],
    ids=["deep", "NaN", "huge number", "half a character", "half a name", "no UTF-8"],
)
@pytest.mark.parametrize("path", ["/audio/upload", "/search", "/processing/jobs", "/admin/models"])
def test_odd_json_is_refused(client: TestClient, path: str, body: bytes) -> None:
    reply = client.post(path, content=body, headers=JSON)
    assert reply.status_code in (400, 422), reply.text
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_link_that_leads_to_itself_or_out_is_refused(
    client: TestClient, settings: Settings
) -> None:
    folder = settings.home / "data" / "audio" / "reef"
    folder.mkdir(parents=True)
    outside = settings.home / "secret.wav"
    outside.write_bytes(sound())
    (folder / "loop").symlink_to("loop")
    (folder / "out.wav").symlink_to(outside)
    (folder / "up").symlink_to(settings.home)
    assert client.post("/audio/upload", json={"path": "reef/loop"}).status_code in (404, 422)
    for path in ("reef/out.wav", "reef/up", "reef/up/secret.wav", "reef/../../../secret.wav"):
        assert client.post("/audio/upload", json={"path": path}).status_code == 403, path


def test_what_is_refused_for_now_says_when_to_come_back(
    client: TestClient, settings: Settings
) -> None:
    (settings.home / "folders.yaml").write_text("folders: [")
    reply = client.get("/audio/")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")


def test_an_upload_that_was_killed_before_its_end_is_whole_after_the_next_try(
    client: TestClient, settings: Settings
) -> None:
    """Killed with the file in its place and nothing noted: the label must not be lost."""
    content = sound()
    digest = hashlib.sha256(content).hexdigest()
    folder = settings.home / "data" / "audio" / "uploads"
    folder.mkdir(parents=True)
    Path(folder / f"{digest[:16]}.wav").write_bytes(content)

    reply = send(client, content, "20260301_040000.wav", label="whale")

    assert reply.status_code == 201
    audio = client.get(f"/audio/{digest}").json()
    assert audio["metadata"]["label"] == "whale"
    assert (audio["name"], audio["start_time"]) == ("20260301_040000.wav", "2026-03-01T04:00:00Z")
