"""Time zone and clock of a recorder, given where recordings are uploaded or registered."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.settings import Settings
from audio_assets_tests.integration.api.conftest import send, sound

CLOCK = {
    "time_zone": "+02:00", "clock_offset_s": "10", "clock_drift_s_per_day": "2",
    "clock_reference": "2019-05-22T10:00:00Z",
}  # fmt: skip


def test_an_uploads_name_is_read_by_the_clock_that_came_with_it(
    client: TestClient, settings: Settings
) -> None:
    reply = send(client, sound(), "A_20190523_120000.wav", folder="fjord", **CLOCK)

    assert reply.status_code == 201, reply.text
    assert reply.json()["audio"]["start_time"] == "2019-05-23T09:59:48Z"
    folder = FolderRegistry(Home.of(settings)).get("fjord")
    assert (folder.timezone, folder.clock.offset_s, folder.clock.drift_s_per_day) == (
        "+02:00",
        10,
        2,
    )
    later = send(client, sound(1), "A_20190524_120000.wav", folder="fjord")
    assert later.json()["audio"]["start_time"] == "2019-05-24T09:59:46Z"


def test_a_folder_with_recordings_keeps_its_clock(client: TestClient) -> None:
    send(client, sound(), "A_20190523_120000.wav", folder="fjord", **CLOCK)

    other = send(client, sound(1), "B.wav", folder="fjord", **{**CLOCK, "clock_offset_s": "11"})
    same = send(client, sound(1), "B.wav", folder="fjord", **CLOCK)

    assert (other.status_code, same.status_code) == (409, 201)
    assert "another time zone or clock" in other.json()["detail"]


def test_a_directory_is_registered_with_its_clock_and_mended_later(
    client: TestClient, settings: Settings
) -> None:
    root = settings.home / "data" / "audio" / "harbour"
    root.mkdir(parents=True)
    (root / "H_20191027_023000.wav").write_bytes(sound())
    asked: dict[str, Any] = {"path": "harbour", "time_zone": "Europe/Berlin", "clock_offset_s": 5.5}

    assert client.post("/audio/upload", json=asked).status_code == 201

    registry = FolderRegistry(Home.of(settings))
    assert registry.get("harbour").timezone == "Europe/Berlin"
    assert registry.get("harbour").clock.offset_s == 5.5
    one = {"path": "harbour/H_20191027_023000.wav"}
    audio = client.post("/audio/upload", json=one).json()["audio"]
    assert audio["start_time"] == "2019-10-27T00:29:54.500000Z"
    assert "clocks had twice" in audio["warning"]
    mended = {"path": "harbour", "time_zone": "+01:00"}
    assert client.post("/audio/upload", json=mended).status_code == 200
    assert registry.get("harbour").timezone == "+01:00"
    assert registry.get("harbour").clock.offset_s == 5.5, "what is not given stays"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone.*unknown"),
        ({"clock_offset_s": "soon"}, "clock_offset_s"),
        ({"clock_offset_s": "nan"}, "clock_offset_s"),
        ({"clock_drift_ppm": "3"}, "needs the reference time"),
        ({"clock_drift_ppm": "1e9", "clock_reference": "2019-05-22T10:00:00Z"}, "is no clock"),
        ({**CLOCK, "clock_drift_ppm": "3"}, "not both"),
        ({**CLOCK, "clock_reference": "2019-05-22T10:00:00"}, "needs its offset from UTC"),
        ({**CLOCK, "clock_reference": "1558519200"}, "a date and time is wanted"),
    ],
)
def test_a_clock_that_is_none_is_refused(
    client: TestClient, settings: Settings, fields: dict[str, str], said: str
) -> None:
    root = settings.home / "data" / "audio" / "harbour"
    root.mkdir(parents=True)

    for reply in (
        send(client, sound(), "a.wav", **fields),
        client.post("/audio/upload", json={"path": "harbour", **fields}),
    ):
        assert reply.status_code == 422, reply.text
        assert reply.headers["content-type"] == "application/problem+json"
        assert re.search(said, reply.json()["detail"]), reply.json()["detail"]
    assert FolderRegistry(Home.of(settings)).load() == {}
