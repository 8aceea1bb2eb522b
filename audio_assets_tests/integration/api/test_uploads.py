import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile as sf

from audio_assets.api.receiving import INCOMING, remove_orphans
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets_tests.integration.api.conftest import left_over, send, sound


def test_an_upload_becomes_a_recording_under_its_hash(client, settings):
    content = sound()
    reply = send(client, content, "../../etc/passwd\x00.wav", label="whale", lat="1.5", lon="2")
    assert reply.status_code == 201
    audio = reply.json()["audio"]
    digest = hashlib.sha256(content).hexdigest()
    assert audio["id"] == digest
    assert audio["path"] == f"{digest[:16]}.wav"
    assert audio["metadata"]["label"] == "whale"
    assert "/" not in audio["name"]
    stored = settings.home / "data" / "audio" / "uploads" / audio["path"]
    assert stored.read_bytes() == content
    assert left_over(settings.home) == []
    assert client.get(f"/audio/{digest}").json()["ingested"] is False


def test_the_same_bytes_twice_are_one_recording(client):
    first, second = send(client, sound(), "a.wav"), send(client, sound(), "b.wav")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["created"] is False
    assert second.json()["audio"] == first.json()["audio"]
    assert len(client.get("/audio/").json()["items"]) == 1


def test_the_same_bytes_at_once_are_one_recording(client, settings):
    start = threading.Barrier(6)

    def upload(i):
        start.wait()
        return send(client, sound(), f"{i}.wav").status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(upload, range(6)))
    assert statuses == [200] * 5 + [201]
    assert len(list((settings.home / "data" / "audio" / "uploads").iterdir())) == 1
    assert left_over(settings.home) == []


@pytest.mark.parametrize(
    ("kind", "subtype", "extension"),
    [("FLAC", "PCM_16", "flac"), ("OGG", "VORBIS", "ogg"), ("MP3", "MPEG_LAYER_III", "mp3")],
)
def test_the_extension_is_that_of_the_real_format(client, kind, subtype, extension):
    reply = send(client, sound(kind=kind, subtype=subtype), "lie.wav")
    assert reply.status_code == 201
    assert reply.json()["audio"]["path"].endswith(f".{extension}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"this is no sound", "not a sound file"), (b"", "empty"), (sound()[:44], "no samples")],
)
def test_what_is_no_sound_is_refused_with_a_reason(client, settings, content, reason):
    reply = send(client, content)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reason in reply.json()["detail"]
    assert left_over(settings.home) == []
    assert FolderRegistry(Home.of(settings)).keys() == []


def test_hours_of_silence_in_a_small_file_are_refused(client, settings):
    buffer = io.BytesIO()
    sf.write(buffer, np.zeros(8000 * 40, np.int16), 8000, format="FLAC")
    assert len(buffer.getvalue()) < 50_000
    reply = send(client, buffer.getvalue(), "silence.flac")
    assert reply.status_code == 422
    assert "longer than 36 s" in reply.json()["detail"]
    assert left_over(settings.home) == []


def test_a_file_that_is_too_large_is_refused(client, settings):
    reply = send(client, bytes(1_000_001))
    assert reply.status_code == 413
    assert client.post("/audio/", content=bytes(20 << 20)).status_code in (405, 413)
    assert left_over(settings.home) == []


def test_a_body_that_breaks_off_leaves_nothing(client, settings):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + sound()
    headers = {"content-type": "multipart/form-data; boundary=x"}
    reply = client.post("/audio/upload", content=body, headers=headers)
    assert reply.status_code == 400
    assert left_over(settings.home) == []


@pytest.mark.parametrize(
    "fields", [{"lat": "91", "lon": "0"}, {"lat": "1"}, {"metadata": "[1]"}, {"nonsense": "1"},
               {"folder": "../up"}, {"metadata": '{"path": "x"}'}, {"start_time": "noon"}]
)  # fmt: skip
def test_metadata_that_do_not_fit_are_refused_before_anything_is_stored(client, settings, fields):
    assert send(client, sound(), **fields).status_code == 422
    assert client.get("/audio/").json()["items"] == []
    assert left_over(settings.home) == []


def test_the_start_time_in_the_name_is_kept(client):
    audio = send(client, sound(), "SITE_20190522_003000.wav").json()["audio"]
    assert audio["start_time"] == "2019-05-22T00:30:00Z"


def test_a_folder_used_in_place_takes_no_uploads(client, settings, tmp_path):
    (tmp_path / "mine").mkdir()
    FolderRegistry(Home.of(settings)).register(tmp_path / "mine", "mine")
    assert send(client, sound(), folder="mine").status_code == 409
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_directory_below_the_audio_root_is_registered_in_place(client, settings):
    root = settings.home / "data" / "audio" / "harbour"
    root.mkdir(parents=True)
    (root / "one.wav").write_bytes(sound())
    reply = client.post("/audio/upload", json={"path": "harbour"})
    assert (reply.status_code, reply.json()["recordings"]) == (201, 1)
    reply = client.post("/audio/upload", json={"path": "harbour/one.wav"})
    assert reply.status_code == 201
    assert reply.json()["audio"]["path"] == "one.wav"
    assert client.post("/audio/upload", json={"path": "harbour/one.wav"}).status_code == 200


def test_nothing_outside_the_audio_root_is_touched(client, settings, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.wav").write_bytes(sound())
    audio = settings.home / "data" / "audio"
    (audio / "link").symlink_to(tmp_path / "secret")
    for path in ("../../../secret", str(tmp_path / "secret"), "link", "link/a.wav", "/etc", "."):
        assert client.post("/audio/upload", json={"path": path}).status_code in (403, 422), path
    assert FolderRegistry(Home.of(settings)).keys() == []


def test_what_a_dead_process_left_is_removed_and_an_upload_under_way_is_not(settings):
    import fcntl

    home = Home.of(settings).ensure()
    incoming = home.audio / INCOMING
    incoming.mkdir()
    (incoming / ".tmp-dead.wav").write_bytes(b"x")
    with (incoming / ".tmp-alive.wav").open("wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert remove_orphans(home) == 1
        assert [p.name for p in incoming.iterdir()] == [".tmp-alive.wav"]
