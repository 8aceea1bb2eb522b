"""Jobs over HTTP against the whole stack: canceled while starting and running, killed, finished."""

from __future__ import annotations

from typing import Any

import psutil
import pytest

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets_tests.integration.serving.conftest import Stack, gone, write_tones
from audio_assets_tests.stored_sets import class_vectors, store_folder, store_vectors

pytestmark = pytest.mark.slow

SLOW = {"window_s": 1.0, "hop_s": 0.02}  # thousands of windows: minutes of work
SHORT = {"window_s": 5.0, "hop_s": 5.0}
LONG = {"method": "hdbscan", "umap_dimensions": 5, "stability_seeds": 20}


@pytest.fixture(scope="module")
def folder(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Key of a folder with one recording of ten minutes."""
    path = tmp_path_factory.mktemp("tones") / "tones.wav"
    write_tones(path, 600)
    with path.open("rb") as stream:
        reply = stack.client.post(
            f"{stack.base}/audio/upload", files={"file": stream}, data={"folder": "tones"}
        )
    assert reply.status_code == 201, reply.text
    return reply.json()["folder"]


def statuses(shown: dict[str, Any]) -> list[str]:
    return [run["status"] for run in shown["runs"]]


def test_a_job_canceled_while_its_runs_start_never_works(stack: Stack, folder: str) -> None:
    job = stack.ask("processing", folder=folder, **SLOW)
    stack.until(job, lambda shown: "STARTING" in statuses(shown))

    assert stack.cancel(job) == "canceling"

    shown = stack.ended(job)
    assert shown["state"] == "canceled"
    assert shown["error"] is None
    assert set(statuses(shown)) <= {"CANCELED", "SUCCESS"}
    assert shown["results"] == []
    assert stack.free_slots()


def test_a_running_job_is_canceled_and_its_worker_ends(stack: Stack, folder: str) -> None:
    job = stack.ask("processing", folder=folder, **SLOW)
    shown = stack.until(job, lambda shown: str(shown["stage"]).startswith("spectrograms"))
    unit = shown["runs"][-1]["unit"]
    worker = stack.worker(shown, unit)
    assert worker is not None

    assert stack.cancel(job) == "canceling"

    shown = stack.ended(job)
    assert (shown["state"], statuses(shown)[-1]) == ("canceled", "CANCELED")
    assert gone(worker)
    assert stack.free_slots()
    wanted = FolderRegistry(Home(stack.home)).get(unit.partition(":")[2]).checkpoints
    assert wanted == [], "or the folder's automation would encode what was canceled"


@pytest.fixture(scope="module")
def stored(stack: Stack) -> dict[str, Any]:
    """A request to cluster 600 windows that were encoded elsewhere."""
    home = Home(stack.home)
    windows = store_folder(home, "reef", recordings=300)
    store_vectors(home, "reef", "elsewhere", windows, class_vectors(len(windows)))
    sets = stack.get("/processing/embedding-sets", folder="reef", limit=1000)["items"]
    return {"embedding_sets": [one["id"] for one in sets]}


def test_a_clustering_goes_through_the_daemon(stack: Stack, stored: dict[str, Any]) -> None:
    plain = {"method": "kmeans", "n_clusters": 4, "umap_dimensions": None}

    job = stack.ask("clustering", **stored, **plain)
    shown = stack.ended(job)

    assert (shown["state"], shown["outcome"]["windows"]) == ("finished", 600)
    assert shown["outcome"]["labels"]["ari"] == 1.0
    clusters = stack.get(f"{job}/clusters")["items"]
    assert [cluster["size"] for cluster in clusters] == [150] * 4
    where = f"/clustering/clusters/{clusters[0]['id']}/assignments"
    windows = stack.get(where, limit=1000)["items"]
    assert len(windows) == clusters[0]["size"]
    assert {window["cluster"] for window in windows} == {0}


def test_a_clustering_whose_worker_is_killed_is_done_again(
    stack: Stack, stored: dict[str, Any]
) -> None:
    job = stack.ask("clustering", **stored, **LONG)
    worker = working(stack, job)
    worker.kill()

    shown = stack.until(job, lambda shown: len(shown["runs"]) == 2)
    assert statuses(shown)[0] == "FAILURE"
    again = working(stack, job)
    assert again.pid != worker.pid
    assert stack.cancel(job) == "canceling"

    shown = stack.ended(job)
    assert (shown["state"], statuses(shown)) == ("canceled", ["FAILURE", "CANCELED"])
    assert gone(again)
    name = job.rpartition("/")[2]
    assert not (stack.home / "data" / "clusters" / name / "clusters.json").exists()


def working(stack: Stack, job: str) -> psutil.Process:
    """The worker of a clustering that is under way."""
    found: list[psutil.Process] = []

    def named(shown: dict[str, Any]) -> bool:
        if shown["stage"] and statuses(shown)[-1] == "STARTED":
            worker = stack.worker(shown, "cluster")
            found.extend([worker] if worker else [])
        return bool(found)

    stack.until(job, named)
    return found[0]


def test_a_new_job_of_recordings_whose_jobs_were_canceled_finishes(
    stack: Stack, folder: str
) -> None:
    shown = stack.ended(stack.ask("processing", folder=folder, **SHORT))

    assert (shown["state"], shown["error"], shown["share"]) == ("finished", None, 1.0)
    (result,) = shown["results"]
    assert (result["windows"], result["encoded"]) == (120, 120)
    assert stack.free_slots()
