import io

import pytest
from PIL import Image

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets_tests.integration.api.conftest import send, sound
from audio_assets_tests.integration.api.stored_folder import store_vectors


@pytest.fixture
def three(client):
    places = [("north", "60", "5"), ("south", "10", "175"), ("south", "-10", "-175")]
    ids = []
    for seed, (label, lat, lon) in enumerate(places):
        name = f"SITE_2020010{seed + 1}_000000.wav"
        reply = send(client, sound(seed), name, label=label, lat=lat, lon=lon)
        ids.append(reply.json()["audio"]["id"])
    return ids


def found(client, **params):
    return {item["id"] for item in client.get("/audio/", params=params).json()["items"]}


def test_recordings_are_filtered(client, three):
    north, east, west = three
    assert found(client) == set(three)
    assert found(client, label="north") == {north}
    assert found(client, bbox="0,50,10,70") == {north}
    assert found(client, bbox="170,-20,-170,20") == {east, west}
    assert found(client, since="2020-01-02T00:00:01Z") == {east, west}
    assert found(client, before="2020-01-02T00:00:00") == {north}
    assert found(client, status="failed") == set()
    assert found(client, folder="other") == set()


def test_pages_follow_their_cursor(client, three):
    seen, cursor = [], None
    for _ in range(3):
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = client.get("/audio/", params=params).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == sorted(three)
    assert cursor is None


def test_an_edit_is_seen_at_once_and_survives_a_run(client, settings, three):
    changes = {"label": "seal", "site": "pier", "start_time": "2021-01-01T01:00:00+01:00"}
    reply = client.put(f"/audio/{three[0]}/metadata", json=changes)
    assert reply.status_code == 200
    for _ in range(2):
        audio = client.get(f"/audio/{three[0][:16]}").json()
        assert audio["metadata"]["label"] == "seal"
        assert audio["metadata"]["site"] == "pier"
        assert audio["start_time"] == "2021-01-01T00:00:00Z"
        store_vectors(Home.of(settings), "uploads")
    assert audio["ingested"] is True
    client.put(f"/audio/{three[0]}/metadata", json={"site": None})
    assert "site" not in client.get(f"/audio/{three[0]}").json()["metadata"]


@pytest.mark.parametrize(
    "changes", [{"lat": 91}, {"lat": None}, {"path": "x"}, {"fold": "many"}, {"esc10": 3},
                {"start_time": "noon"}, {"a b": "x"}, {"label": "x" * 20_000}]
)  # fmt: skip
def test_an_edit_that_does_not_fit_changes_nothing(client, settings, three, changes):
    before = client.get(f"/audio/{three[0]}").json()
    reply = client.put(f"/audio/{three[0]}/metadata", json={"label": "new", **changes})
    assert reply.status_code == 422
    assert client.get(f"/audio/{three[0]}").json() == before


def test_the_bytes_come_whole_and_in_parts(client, three):
    whole = client.get(f"/audio/{three[0]}/raw")
    assert whole.content == sound(0)
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["x-content-type-options"] == "nosniff"
    part = client.get(f"/audio/{three[0]}/raw", headers={"range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, sound(0)[4:10])
    assert part.headers["content-range"] == f"bytes 4-9/{len(sound(0))}"
    behind = client.get(f"/audio/{three[0]}/raw", headers={"range": "bytes=9999999-"})
    assert behind.status_code == 416
    assert behind.headers["content-range"] == f"bytes */{len(sound(0))}"
    stale = {"range": "bytes=0-1", "if-range": '"another"'}
    assert client.get(f"/audio/{three[0]}/raw", headers=stale).status_code == 200


def test_a_file_that_changed_or_went_is_not_served_as_what_it_was(client, settings, three):
    file = settings.home / "data" / "audio" / "uploads" / f"{three[0][:16]}.wav"
    file.write_bytes(b"something else")
    assert client.get(f"/audio/{three[0]}/raw").status_code == 409
    file.unlink()
    assert client.get(f"/audio/{three[0]}/raw").status_code == 404


def test_a_folder_outside_the_audio_root_is_listed_but_not_read(client, settings, tmp_path):
    root = tmp_path / "elsewhere"
    root.mkdir()
    (root / "a.wav").write_bytes(sound(7))
    FolderRegistry(Home.of(settings)).register(root, "elsewhere")
    store_vectors(Home.of(settings), "elsewhere")
    (item,) = client.get("/audio/", params={"folder": "elsewhere"}).json()["items"]
    assert client.get(f"/audio/{item['id']}/raw").status_code == 403
    assert client.get(f"/audio/{item['id']}/spectrogram").status_code == 403


def test_spectrograms_are_pictures(client, settings, three):
    whole = client.get(f"/audio/{three[0]}/spectrogram", params={"width": 100, "height": 50})
    assert whole.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(whole.content)).size == (100, 50)
    part = client.get(f"/audio/{three[0]}/spectrogram", params={"start_s": 0.5, "seconds": 0.2})
    assert part.status_code == 200
    assert part.content != whole.content
    behind = client.get(f"/audio/{three[0]}/spectrogram", params={"start_s": 50})
    assert behind.status_code == 404
    window = f"{three[0][:16]}@0+4000"
    stored = settings.home / "data/assets/spectrograms/uploads/png" / f"{window}.png"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(part.content)
    reply = client.get(f"/audio/{three[0]}/spectrogram", params={"window_id": window})
    assert (reply.content, reply.headers["x-spectrogram"]) == (part.content, "stored")
    other = {"window_id": f"{three[1][:16]}@0+4000"}
    assert client.get(f"/audio/{three[0]}/spectrogram", params=other).status_code == 404


def test_unknown_things_are_problems(client):
    for path in ("/audio/0000000000000000", "/nothing", "/audio/0000000000000000/raw"):
        reply = client.get(path)
        assert reply.status_code == 404
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["status"] == 404
    assert client.delete("/audio/").status_code == 405
    assert client.put("/audio/0000000000000000/metadata", content=b"x=1").status_code == 415
    assert client.get("/audio/xyz").json()["errors"][0]["field"] == "path.id"
