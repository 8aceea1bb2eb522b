import shutil

import pytest
from starlette.testclient import TestClient

from audio_assets.api.app import create_app
from audio_assets.home import Home
from audio_assets.models.fake_checkpoint import WEIGHTS, ensure_fake_checkpoint
from audio_assets_tests.integration.api.conftest import send, sound
from audio_assets_tests.integration.api.stored_folder import CHECKPOINT, store_vectors


@pytest.fixture
def model_file(settings, tmp_path):
    """A weights file in the models directory."""
    elsewhere = Home(tmp_path / "elsewhere").ensure()
    ensure_fake_checkpoint(elsewhere)
    directory = settings.home / "models"
    directory.mkdir(parents=True)
    return shutil.copy(elsewhere.checkpoints / "fake" / WEIGHTS, directory / "tiny.safetensors")


def test_a_model_from_scan_to_deletion(client, model_file):
    (scanned,) = client.get("/admin/models/scan").json()["items"]
    assert (scanned["path"], scanned["problem"]) == ("tiny.safetensors", "")
    assert scanned["registered"] is False
    new = {"source": scanned["path"], "licence": "CC0-1.0"}
    added = client.post("/admin/models", json=new)
    assert added.status_code == 201, added.text
    assert added.json()["dim"] == scanned["facts"]["dim"]
    assert client.post("/admin/models", json=new).status_code == 409
    assert client.get("/admin/models/scan").json()["items"][0]["registered"] is True

    prose = client.put("/admin/models/tiny", json={"description": "A test."}).json()
    assert (prose["description"], prose["vectors_change"]) == ("A test.", False)
    pooled = client.put("/admin/models/tiny", json={"pooling": "mean"}).json()
    assert (pooled["pooling"], pooled["vectors_change"]) == ("mean", True)
    wrong = {"transform": {"name": "nothing", "params": {}}}
    assert client.put("/admin/models/tiny", json=wrong).status_code == 422
    assert client.get("/admin/models/tiny").json()["transform"] == pooled["transform"]
    assert client.put("/admin/models/tiny", json={"dim": 3}).status_code == 422

    assert client.post("/admin/models/tiny/set-default").json()["default"] is True
    assert client.get("/health").json()["checkpoint"] == "tiny"
    assert client.delete("/admin/models/tiny").status_code == 204
    assert client.get("/admin/models/tiny").status_code == 404
    assert client.get("/health").json()["checkpoint"] == CHECKPOINT


def test_deletion_is_refused_while_embeddings_refer_to_it(client, settings):
    send(client, sound())
    home = Home.of(settings)
    ensure_fake_checkpoint(home)
    store_vectors(home, "uploads")
    (home.assets / "embeddings" / CHECKPOINT).rename(home.assets / "embeddings" / "fake")
    reply = client.delete("/admin/models/fake")
    assert reply.status_code == 409
    assert reply.json()["folders"] == ["uploads"]
    assert (home.checkpoints / "fake").is_dir()


def test_what_ships_can_neither_be_changed_nor_deleted(client):
    assert client.delete(f"/admin/models/{CHECKPOINT}").status_code == 409
    assert client.put(f"/admin/models/{CHECKPOINT}", json={"licence": "mine"}).status_code == 409


@pytest.mark.parametrize("source", ["/etc/passwd", "../../x.onnx", ".", "../models/../x.pt"])
def test_no_request_names_a_file_elsewhere(client, source):
    reply = client.post("/admin/models", json={"source": source, "licence": "x"})
    assert reply.status_code == 403


def test_a_pinned_default_cannot_be_changed(settings):
    pinned = settings.model_copy(update={"checkpoint": CHECKPOINT, "fake_model": True})
    with TestClient(create_app(pinned), base_url="http://127.0.0.1") as client:
        assert client.post("/admin/models/fake/set-default").status_code == 409
