import json

import numpy as np
import pytest

from audio_assets.encoding.embeddings_file import vectors_of
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets_tests.integration.api.conftest import send, sound
from audio_assets_tests.integration.api.stored_folder import DIM, store_vectors


@pytest.fixture
def tables(client, settings):
    """Two folders of one signature and one of another."""
    for folder in ("one", "two", "three"):
        for seed in range(2):
            place = {"lat": str(seed), "lon": "0", "label": f"label{seed}"}
            assert send(client, sound(seed + 5), folder=folder, **place).status_code == 201
    home = Home.of(settings)
    return {
        "one": store_vectors(home, "one"),
        "two": store_vectors(home, "two"),
        "three": store_vectors(home, "three", signature="b" * 64),
    }


def test_the_nearest_windows_are_those_of_a_plain_matrix_product(client, tables):
    query = np.random.default_rng(3).normal(size=DIM)
    reply = client.post(
        "/search", json={"vector": query.tolist(), "folders": ["one", "two"], "k": 5}
    )
    assert reply.status_code == 200
    vectors = np.concatenate([vectors_of(tables[f]) for f in ("one", "two")])
    ids = [w for f in ("one", "two") for w in tables[f]["window_id"].to_pylist()]
    scores = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    best = np.argsort(-scores)[:5]
    items = reply.json()["items"]
    assert [item["window_id"] for item in items] == [ids[i] for i in best]
    assert np.allclose([item["score"] for item in items], scores[best], atol=1e-5)
    assert {item["folder"] for item in items} == {"one", "two"}
    assert client.get(items[0]["spectrogram"]).status_code == 200


def test_a_window_is_not_its_own_neighbour(client, tables):
    window = tables["one"]["window_id"][0].as_py()
    reply = client.post("/search", json={"window_id": window, "folders": ["one", "two"], "k": 100})
    found = [item["window_id"] for item in reply.json()["items"]]
    assert window not in found
    assert len(found) == 2 * tables["one"].num_rows - 2


def test_filters_hold_back_the_rest(client, tables):
    query = {"vector": [1.0] * DIM, "folders": ["one"], "k": 100}
    labelled = client.post("/search", json={**query, "where": {"label": "label1"}}).json()["items"]
    assert {item["metadata"]["label"] for item in labelled} == {"label1"}
    placed = client.post("/search", json={**query, "bbox": [-1, -0.5, 1, 0.5]}).json()["items"]
    assert {item["metadata"]["lat"] for item in placed} == {0.0}
    nothing = client.post("/search", json={**query, "where": {"label": "no"}})
    assert nothing.json()["items"] == []


def test_a_box_is_the_same_as_everywhere_edges_and_180th_meridian_included(client, tables):
    query = {"vector": [1.0] * DIM, "folders": ["one"], "k": 100}
    recordings = sorted(set(tables["one"]["recording_id"].to_pylist()))
    for recording, lon in zip(recordings, (175.5, -175.5), strict=True):
        moved = client.put(
            f"/audio/{recording}/metadata", params={"folder": "one"}, json={"lat": -17, "lon": lon}
        )
        assert moved.status_code == 200

    def lons(*bbox):
        items = client.post("/search", json={**query, "bbox": bbox}).json()["items"]
        return {item["metadata"]["lon"] for item in items}

    assert lons(170, -20, -170, -10) == {175.5, -175.5}
    assert lons(175.5, -17, 180, -17) == {175.5}
    assert lons(-180, -20, -175.5, -10) == {-175.5}
    assert lons(-170, -20, 170, -10) == set()
    no_box = client.post("/search", json={**query, "bbox": [0, 10, 1, 5]})
    assert no_box.status_code == 422
    assert "no box" in no_box.json()["detail"]


def test_folders_of_two_signatures_are_refused_together(client, tables):
    for folders in (["one", "three"], None):
        body = {"vector": [1.0] * DIM} | ({"folders": folders} if folders else {})
        reply = client.post("/search", json=body)
        assert reply.status_code == 409
        assert "aaaaaaaaaaaaaaaa: one" in reply.json()["detail"]
        assert "bbbbbbbbbbbbbbbb: three" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"vector": [1.0]}, 422),
        ({"vector": [1.0] * DIM, "window_id": "0" * 16 + "@0+1"}, 422),
        ({}, 422),
        ({"vector": [1.0] * DIM, "k": 0}, 422),
        ({"vector": [1.0] * DIM, "folders": ["nowhere"]}, 404),
        ({"vector": [1.0] * DIM, "folders": ["one"], "checkpoint": "other"}, 409),
        ({"window_id": "0" * 16 + "@0+1", "folders": ["one"]}, 404),
    ],
)
def test_what_cannot_be_searched_is_a_problem(client, tables, body, status):
    reply = client.post("/search", json={"folders": ["one"], **body})
    assert reply.status_code == status
    assert reply.json()["detail"]


def test_a_clip_finds_itself(client, settings, monkeypatch):
    """With vectors of the fake model, so that the clip meets its own kind."""
    from audio_assets.encoding.clip import encode_file
    from audio_assets.models.encoder import load_encoder
    from audio_assets.models.fake_checkpoint import ensure_fake_checkpoint
    from audio_assets.models.registry import resolve_checkpoint
    from audio_assets.schemas import embeddings_schema
    from audio_assets.storage import write_parquet

    home = Home.of(settings)
    ensure_fake_checkpoint(home)
    for seed in range(3):
        send(client, sound(seed))
    table = store_vectors(home, "uploads", window_s=2.0)
    encoder = load_encoder(resolve_checkpoint("fake", home), device="cpu")
    root = FolderRegistry(home).get("uploads").root
    names = [f"{recording[:16]}.wav" for recording in table["recording_id"].to_pylist()]
    rows = table.to_pylist()
    for row, name in zip(rows, names, strict=True):
        row["embedding"] = encode_file(root / name, encoder).tolist()
    stored = type(table).from_pylist(rows, schema=embeddings_schema(encoder.dim))
    write_parquet(home.asset("embeddings", checkpoint="fake", folder="uploads"), stored)

    files = {"file": ("clip.wav", sound(1))}
    data = {"query": json.dumps({"k": 1, "checkpoint": "fake"})}
    reply = client.post("/search", files=files, data=data)
    assert reply.status_code == 200
    (item,) = reply.json()["items"]
    assert item["score"] == pytest.approx(1.0, abs=1e-4)
    assert client.get(f"/audio/{item['recording_id']}/raw").content == sound(1)
    bad = client.post("/search", files={"file": ("clip.wav", b"no sound")}, data=data)
    assert bad.status_code == 422
