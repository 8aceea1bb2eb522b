"""Jobs, embedding sets and clusterings over HTTP; the daemon's part is played by hand."""

from __future__ import annotations

import io
import threading
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from audio_assets.analysis.clustering import methods
from audio_assets.analysis.clustering.job import run_clustering
from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.jobs.store import JobStore
from audio_assets.settings import Settings
from audio_assets_tests.integration.api.conftest import send, sound
from audio_assets_tests.integration.api.stored_folder import CHECKPOINT, DIM, store_vectors

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def uploaded(client: TestClient) -> dict[str, Any]:
    """One uploaded recording; its folder is registered."""
    return send(client, sound(), "one.wav", folder="reef").json()


@pytest.fixture
def home(settings: Settings) -> Home:
    return Home.of(settings)


def post(client: TestClient, path: str, body: dict[str, Any], key: str | None = None) -> Any:
    return client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})


def test_a_job_is_accepted_shown_and_listed(client: TestClient, uploaded: dict[str, Any]) -> None:
    reply = post(client, "/processing/jobs", {"folder": "reef"})

    job = reply.json()
    assert reply.status_code == 202
    assert reply.headers["location"] == f"/processing/jobs/{job['job_id']}"
    assert (job["state"], job["share"], job["runs"]) == ("queued", 0.0, [])
    assert job["request"] == {"folders": ["reef"], "checkpoint": CHECKPOINT}
    assert client.get(reply.headers["location"]).json() == job
    (listed,) = client.get("/processing/jobs", params={"state": "queued"}).json()["items"]
    assert listed["job_id"] == job["job_id"]
    assert client.get("/processing/jobs", params={"state": "finished"}).json()["items"] == []


def test_the_same_request_again_is_the_same_job(
    client: TestClient, uploaded: dict[str, Any]
) -> None:
    first = post(client, "/processing/jobs", {"folder": "reef"}, "k")
    again = post(client, "/processing/jobs", {"audio_ids": [uploaded["audio"]["id"]]}, "k")
    other = post(client, "/processing/jobs", {"folder": "reef", "window_s": 0.4}, "k")

    assert (first.status_code, again.status_code, other.status_code) == (202, 200, 409)
    assert again.json()["job_id"] == first.json()["job_id"]
    assert "'k' was used for another request" in other.json()["detail"]


def test_two_identical_requests_at_once_are_one_job(
    client: TestClient, uploaded: dict[str, Any], settings: Settings
) -> None:
    gate, replies = threading.Barrier(8), []

    def ask() -> None:
        gate.wait()
        replies.append(post(client, "/processing/jobs", {"folder": "reef"}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(reply.status_code for reply in replies) == [200] * 7 + [202]
    assert len(JobStore(settings).live()) == 1


def test_another_grid_is_another_folder_of_the_same_recordings(
    client: TestClient, uploaded: dict[str, Any], home: Home
) -> None:
    post(client, "/processing/jobs", {"folder": "reef"})
    FolderRegistry(home).update("reef", timezone="Europe/Oslo")

    asked = {"folder": "reef", "window_s": 0.5, "hop_s": 0.25}
    job = post(client, "/processing/jobs", asked).json()

    (key,) = job["request"]["folders"]
    folders = FolderRegistry(home).load()
    assert key == "reef-0.5s-0.25s"
    assert folders[key].root == folders["reef"].root
    assert folders[key].timezone == "Europe/Oslo"
    assert (folders[key].grid.window_s, folders[key].grid.hop_s) == (0.5, 0.25)
    assert folders["reef"].grid != folders[key].grid
    assert post(client, "/processing/jobs", asked).json()["job_id"] == job["job_id"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "either folder or audio_ids"),
        ({"folder": "nowhere"}, 422, "no audio folder 'nowhere'"),
        ({"audio_ids": ["0" * 16]}, 404, "no recording"),
        ({"folder": "reef", "checkpoint": "../x"}, 422, "The checkpoint '../x' is not usable"),
        ({"folder": "reef", "checkpoint": "none"}, 422, "none"),
        ({"folder": "reef", "window_s": -1}, 422, "window_s"),
        ({"folder": "reef", "nonsense": 1}, 422, "nonsense"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    client: TestClient, uploaded: dict[str, Any], body: dict[str, Any], status: int, said: str
) -> None:
    reply = post(client, "/processing/jobs", body)

    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert said in reply.json()["detail"]


def test_a_job_is_canceled_once_and_an_ended_one_is_not(
    client: TestClient, uploaded: dict[str, Any], settings: Settings
) -> None:
    path = post(client, "/processing/jobs", {"folder": "reef"}).headers["location"]
    assert client.post(f"{path}/cancel").json()["state"] == "canceled"
    assert client.post(f"{path}/cancel").status_code == 202

    running = post(client, "/processing/jobs", {"folder": "reef"}).json()["job_id"]
    store = JobStore(settings)
    store.start(running)
    assert client.post(f"/processing/jobs/{running}/cancel").json()["state"] == "canceling"
    store.end(running, "finished")
    assert client.post(f"/processing/jobs/{running}/cancel").status_code == 409


def test_what_a_canceled_job_never_encoded_is_not_wanted_any_more(
    client: TestClient, uploaded: dict[str, Any], home: Home
) -> None:
    """Or the folder's automation would start the same work again by itself."""
    path = post(client, "/processing/jobs", {"folder": "reef"}).headers["location"]
    assert FolderRegistry(home).get("reef").checkpoints == [CHECKPOINT]

    client.post(f"{path}/cancel")

    assert FolderRegistry(home).get("reef").checkpoints == []
    store_vectors(home, "reef")
    again = post(client, "/processing/jobs", {"folder": "reef"}).headers["location"]
    client.post(f"{again}/cancel")
    assert FolderRegistry(home).get("reef").checkpoints == [CHECKPOINT], "it was encoded before"


def test_too_many_windows_for_all_pairs_are_refused_at_once(
    client: TestClient, uploaded: dict[str, Any], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_vectors(home, "reef")
    monkeypatch.setattr(methods, "AGGLOMERATIVE_WINDOWS", 0)

    reply = post(client, "/clustering/jobs", {"folder": "reef", "method": "agglomerative"})

    assert reply.status_code == 422
    assert "compares all pairs of windows" in reply.json()["detail"]
    assert client.get("/clustering/jobs").json()["items"] == []


def test_unknown_jobs_are_not_found(client: TestClient) -> None:
    for path in (f"/processing/jobs/{NOBODY}", f"/clustering/jobs/{NOBODY}"):
        assert client.get(path).status_code == 404
        assert client.post(f"{path}/cancel").status_code == 404
    assert client.get("/processing/jobs/x").status_code == 422
    assert client.get("/processing/jobs", params={"cursor": "x"}).status_code == 404
    assert client.get(f"/clustering/clusters/{NOBODY}.0/assignments").status_code == 404


def test_embedding_sets_are_listed_filtered_and_downloaded(
    client: TestClient, uploaded: dict[str, Any], home: Home
) -> None:
    send(client, sound(1), "two.wav", folder="reef")
    table = store_vectors(home, "reef")

    listed = client.get("/processing/embedding-sets", params={"folder": "reef", "limit": 1}).json()
    rest = client.get("/processing/embedding-sets", params={"cursor": listed["next"]}).json()
    sets = listed["items"] + rest["items"]

    assert len({one["recording_id"] for one in sets}) == len(sets) == 2
    assert rest["next"] is None
    mine = {"recording_id": sets[0]["recording_id"]}
    assert client.get("/processing/embedding-sets", params=mine).json()["items"] == [sets[0]]
    path = f"/processing/embedding-sets/{sets[0]['id']}"
    assert client.get(path).json() == sets[0]
    reply = client.get(f"{path}/download")
    found = pq.read_table(io.BytesIO(reply.content))
    rows = table.filter(np.array(table["recording_id"].to_pylist()) == mine["recording_id"])
    assert (
        found.drop_columns([])
        .replace_schema_metadata(None)
        .equals(rows.replace_schema_metadata(None))
    )
    assert found.schema.metadata[b"audio_assets.folder"] == b"reef"
    assert len(found) == sets[0]["windows"]
    assert sets[0]["dim"] == DIM
    assert list(home.work.glob("embedding-set-*")) == []
    assert client.get("/processing/embedding-sets/none").status_code == 404
    assert client.get("/processing/embedding-sets/none/download").status_code == 404


def test_a_clustering_is_asked_for_and_read_page_by_page(
    client: TestClient, uploaded: dict[str, Any], home: Home, settings: Settings
) -> None:
    for number in range(1, 6):
        send(client, sound(number, 4.0), f"{number}.wav", folder="reef")
    table = store_vectors(home, "reef")
    asked = {"folder": "reef", "method": "kmeans", "n_clusters": 3, "umap_dimensions": None}

    reply = post(client, "/clustering/jobs", asked)
    job = reply.json()
    assert (reply.status_code, job["state"], job["outcome"]) == (202, "queued", None)
    assert job["request"]["checkpoint"] == CHECKPOINT
    path = f"/clustering/jobs/{job['job_id']}"
    assert client.get(f"{path}/clusters").status_code == 409
    assert post(client, "/clustering/jobs", asked).json()["job_id"] == job["job_id"]

    run_clustering(home, ClusteringRequest.of(job["request"]), job["job_id"])
    JobStore(settings).end(job["job_id"], "finished")

    outcome = client.get(path).json()["outcome"]
    assert (outcome["clusters"], outcome["windows"]) == (3, table.num_rows)
    clusters = client.get(f"{path}/clusters").json()["items"]
    assert [c["cluster"] for c in clusters] == [0, 1, 2]
    seen = []
    for cluster in clusters:
        where, cursor = f"/clustering/clusters/{cluster['id']}/assignments", None
        while True:
            page = client.get(where, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
            seen += [row["window_id"] for row in page.json()["items"]]
            cursor = page.json()["next"]
            if cursor is None:
                break
        assert len(seen) == sum(c["size"] for c in clusters[: cluster["cluster"] + 1])
    assert sorted(seen) == sorted(table["window_id"].to_pylist())
    noise = client.get(f"/clustering/clusters/{job['job_id']}.-1/assignments").json()
    assert noise == {"items": [], "next": None}
    assert client.get(f"/clustering/clusters/{job['job_id']}.9/assignments").status_code == 404


def test_sets_without_a_common_space_are_not_clustered(
    client: TestClient, uploaded: dict[str, Any], home: Home
) -> None:
    send(client, sound(2), "two.wav", folder="bats")
    store_vectors(home, "reef")
    store_vectors(home, "bats", signature="b" * 64)
    sets = client.get("/processing/embedding-sets").json()["items"]

    reply = post(client, "/clustering/jobs", {"embedding_sets": [one["id"] for one in sets]})

    assert reply.status_code == 409
    assert "encoded differently" in reply.json()["detail"]
    assert post(client, "/clustering/jobs", {"folder": "nowhere"}).status_code == 422
