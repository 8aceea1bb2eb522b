"""What schemathesis found on a live server, kept as cases of their own."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


def test_a_vector_that_is_null_is_not_a_vector(client: TestClient) -> None:
    reply = client.post("/search", json={"vector": None})
    assert reply.status_code == 422
    assert "exactly one" in reply.json()["detail"]


@pytest.mark.parametrize("moment", ["0.5", "1767225600", "nan"])
def test_a_moment_is_no_number(client: TestClient, moment: str) -> None:
    assert client.get("/audio/", params={"since": moment}).status_code == 422
    assert client.get("/audio/", params={"since": "2026-01-31T12:00:00Z"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/audio/upload", "POST"),
        ("/admin/models", "GET, HEAD, POST"),
        ("/admin/models/some-model", "DELETE, GET, HEAD, PUT"),
        ("/processing/jobs", "GET, HEAD, POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(client: TestClient, path: str, allowed: str) -> None:
    reply = client.request("PATCH", path)
    assert (reply.status_code, reply.headers["allow"]) == (405, allowed)
    if path == "/audio/upload":
        assert client.get(path).status_code == 405


def test_a_name_longer_than_a_file_s_is_refused(client: TestClient) -> None:
    long = "0" * 4000
    assert client.post("/audio/upload", json={"path": long}).status_code == 422
    model = {"source": long, "licence": "CC0-1.0", "name": "long"}
    assert client.post("/admin/models", json=model).status_code in (404, 422)
