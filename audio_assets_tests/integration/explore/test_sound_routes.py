"""Sounds, pictures, events and neighbours of samples over HTTP: real database, real files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from audio_assets.home import Home
from audio_assets_tests.integration.explore.sounding_folder import WINDOW_S, SoundingFolder

KEY = "sounding"


@dataclass
class Served:
    """The routes, and the samples by (recording, start of the window)."""

    folder: SoundingFolder
    routes: list
    ids: dict[tuple[str, float], str]

    def client(self, host: str = "127.0.0.1") -> TestClient:
        return TestClient(Starlette(routes=self.routes), client=(host, 50000))

    def get(self, kind: str, path: str, start: float = 0.0, /, query: str = "", **options: Any):
        sample = self.ids[path, start]
        return self.client().get(f"/audio_assets/{kind}/{KEY}/{sample}{query}", **options)


@pytest.fixture(scope="module")
def served(fiftyone_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    import fiftyone as fo
    from fiftyone.core.odm import get_db_conn

    from audio_assets.explore.sound.routes import sound_routes
    from audio_assets.explore.sound.sample_sound import SampleSounds

    folder = SoundingFolder(fiftyone_home, KEY, tmp_path_factory.mktemp("s") / KEY).write()
    folder.sync()
    dataset: Any = fo.load_dataset(KEY)
    ids, paths, starts = dataset.values(["id", "path", "start_s"])
    routes = sound_routes(SampleSounds(fiftyone_home, get_db_conn()))
    yield Served(folder, routes, dict(zip(zip(paths, starts, strict=True), ids, strict=True)))
    dataset.delete()


def wav(response: Any) -> tuple[np.ndarray, int]:
    assert response.status_code in (200, 206), response.text
    assert response.headers["content-type"] == "audio/wav"
    return sf.read(io.BytesIO(response.content))


@pytest.mark.parametrize(
    ("path", "rate"),
    [
        ("dawn.wav", 22050), ("bat.wav", 48000), ("field.aiff", 44100), ("old.au", 8000),
        ("exact.wav", 48000), ("deep.flac", 8000),
    ],
)  # fmt: skip
def test_every_format_becomes_a_wav_of_the_windows_length(served, path, rate):
    sound, found = wav(served.get("sound", path))
    assert found == rate
    assert len(sound) / found == pytest.approx(WINDOW_S, abs=0.001)
    assert sf.info(io.BytesIO(served.get("sound", path).content)).subtype == "PCM_16"
    quiet, loud = np.abs(sound[: found // 4]).mean(), np.abs(sound[found // 2 : found]).mean()
    if path != "bat.wav":  # its 20 and 60 kHz are inaudible and partly cut
        assert loud > 10 * quiet


def test_the_sound_is_exactly_the_windows(served):
    whole, rate = sf.read(served.folder.root / "dawn.wav")
    sound, _ = wav(served.get("sound", "dawn.wav", 2.0))
    np.testing.assert_allclose(sound, whole[2 * rate : 4 * rate], atol=1 / 32768)


def test_a_piece_and_the_recording_around_it(served):
    whole, rate = sf.read(served.folder.root / "dawn.wav")
    piece, _ = wav(served.get("sound", "dawn.wav", 2.0, query="?start=0.5&end=1.25"))
    np.testing.assert_allclose(piece, whole[round(2.5 * rate) : round(3.25 * rate)], atol=4e-5)
    around, _ = wav(served.get("sound", "dawn.wav", 2.0, query="?before=1&after=9"))
    np.testing.assert_allclose(around, whole[rate:], atol=4e-5)


def test_slowed_down_ultrasound_is_lower_and_longer(served):
    sound, rate = wav(served.get("sound", "bat.wav", query="?slow=10"))
    assert len(sound) / rate == pytest.approx(10 * WINDOW_S, abs=0.01)
    part = sound[6 * rate : 9 * rate]  # the 20 kHz tone, 0.6 to 0.9 s of the window
    peak = np.argmax(np.abs(np.fft.rfft(part * np.hanning(len(part))))) * rate / len(part)
    assert peak == pytest.approx(2000, abs=5)


@pytest.mark.parametrize("path", ["dawn.wav", "bat.wav", "deep.flac"])
def test_byte_ranges_are_parts_of_the_whole(served, path):
    whole = served.get("sound", path).content
    for text, first, end in (
        ("bytes=0-99", 0, 100), ("bytes=10001-10004", 10001, 10005),
        ("bytes=20000-", 20000, len(whole)), ("bytes=-333", len(whole) - 333, len(whole)),
        ("bytes=43-45", 43, 46),
    ):  # fmt: skip
        part = served.get("sound", path, headers={"Range": text})
        assert part.status_code == 206
        assert part.content == whole[first:end], text
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{len(whole)}"
    beyond = served.get("sound", path, headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize(
    "query",
    ["?start=x", "?start=nan", "?before=-1", "?slow=0", "?slow=1e9", "?rate=1", "?start=9&end=10"],
)
def test_numbers_that_do_not_fit_are_refused_in_words(served, query):
    response = served.get("sound", "dawn.wav", query=query)
    assert response.status_code == 400
    assert response.json()["error"].endswith(".")


def test_only_samples_of_this_home_are_played(served, fiftyone_home):
    client, sample = served.client(), served.ids["dawn.wav", 0.0]
    for path in (
        f"other/{sample}", f"{KEY}/{'0' * 24}", f"{KEY}/nonsense", f"{KEY}/{sample[:-1]}$",
        f"%2e%2e/{sample}", f"..%2f..%2fetc/{sample}", f"{KEY}/..%2f..%2fetc%2fpasswd",
    ):  # fmt: skip
        response = client.get(f"/audio_assets/sound/{path}")
        assert response.status_code == 404, path
    import fiftyone as fo

    foreign: Any = fo.Dataset("foreign")
    foreign.add_sample(fo.Sample(filepath="/etc/hostname", window_id="a" * 16 + "@0+10"))
    theirs = client.get(f"/audio_assets/sound/foreign/{foreign.first().id}")
    foreign.delete()
    assert theirs.status_code == 404


def test_a_path_written_into_the_database_is_not_followed(served):
    import fiftyone as fo

    dataset: Any = fo.load_dataset(KEY)
    secret = served.folder.root.parent / "secret.wav"
    sf.write(secret, np.zeros(1000), 8000)
    sample = dataset[served.ids["dawn.wav", 4.0]]
    before = sample["path"], sample["audio_filepath"]
    sample["path"], sample["audio_filepath"] = "../secret.wav", str(secret)
    sample.save()
    assert served.get("sound", "dawn.wav", 4.0).status_code == 404
    sample["path"], sample["audio_filepath"] = before
    sample.save()
    assert served.get("sound", "dawn.wav", 4.0).status_code == 200


def test_a_recording_that_changed_or_went_away_is_said(served):
    file = served.folder.root / "old.au"
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    os.utime(file, ns=(times[0], times[1] + 10**9))
    assert served.get("sound", "old.au").status_code == 409
    os.utime(file, ns=times)
    file.rename(file.with_suffix(".gone"))
    assert served.get("sound", "old.au").status_code == 404
    file.with_suffix(".gone").rename(file)
    assert served.get("sound", "old.au").status_code == 200


@pytest.mark.parametrize("host", ["192.168.1.20", "2001:db8::1", "testclient"])
def test_other_machines_get_nothing(served, host):
    path = f"{KEY}/{served.ids['dawn.wav', 0.0]}"
    for kind in ("sound", "peaks", "spectrogram", "events", "similar"):
        assert served.client(host).get(f"/audio_assets/{kind}/{path}").status_code == 403
    assert served.client("::ffff:127.0.0.1").get(f"/audio_assets/sound/{path}").status_code == 200


def test_peaks_enclose_the_waveform(served):
    found = served.get("peaks", "dawn.wav", query="?columns=200&after=100").json()
    whole, _ = sf.read(served.folder.root / "dawn.wav")
    assert len(found["min"]) == len(found["max"]) == 200
    assert (found["start_s"], found["end_s"]) == (0.0, 6.0)
    assert max(found["max"]) == pytest.approx(whole.max(), abs=1e-4)
    assert min(found["min"]) == pytest.approx(whole.min(), abs=1e-4)


def test_the_spectrograms_axes_are_true(served):
    response = served.get("spectrogram", "dawn.wav", query="?width=400&height=200&top=4000")
    picture = np.asarray(Image.open(io.BytesIO(response.content)), float)
    assert picture.shape == (200, 400)
    assert response.headers["x-top-hz"] == "4000.000"
    row = 200 - np.argmax(picture[:, 120:180].mean(axis=1))  # 0.6 to 0.9 s
    assert row / 200 * 4000 == pytest.approx(1000, abs=60)
    row = 200 - np.argmax(picture[:, 250:310].mean(axis=1))  # 1.25 to 1.55 s
    assert row / 200 * 4000 == pytest.approx(3000, abs=60)


def test_events_come_in_seconds_and_hertz_each_once(served):
    found = served.get("events", "dawn.wav").json()
    seen = [(e["label"], e["start_s"], e["end_s"], e["low_hz"]) for e in found["events"]]
    assert seen == [
        ("wren", 0.5, 1.0, 800.0), ("robin", 1.2, 1.6, 2500.0),
        ("robin", pytest.approx(1.8), pytest.approx(2.6), 2500.0),
    ]  # fmt: skip
    assert found["labels"] == ["robin", "wren"]
    assert found["preview"] == {"start_s": 0.0, "seconds": 2.0}
    second = served.get("events", "dawn.wav", 2.0).json()
    assert [e["label"] for e in second["events"]] == ["robin"]
    around = served.get("events", "dawn.wav", 2.0, query="?before=2").json()
    assert [round(e["start_s"], 3) for e in around["events"]] == [-1.5, -0.8, -0.2]
    without = served.get("events", "dawn.wav", 4.0, query="?before=9").json()
    assert len(without["events"]) == 3, "of the other windows"
    assert served.get("events", "bat.wav").json()["events"] == []


def test_similar_samples_are_those_of_the_stored_vectors(served):
    found = served.get("similar", "dawn.wav", query="?k=3").json()
    scores = [n["score"] for n in found["neighbours"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert served.ids["dawn.wav", 0.0] not in {n["id"] for n in found["neighbours"]}
    assert {n["id"] for n in found["neighbours"]} <= set(served.ids.values())
    assert served.get("similar", "dawn.wav", query="?checkpoint=none").status_code == 404


def test_a_second_run_keeps_what_people_did(served):
    import fiftyone as fo

    dataset: Any = fo.load_dataset(KEY)
    sample = dataset[served.ids["field.aiff", 0.0]]
    drawn = fo.Detection(label="mine", bounding_box=[0.1, 0.1, 0.2, 0.2])
    sample["events"].detections.append(drawn)
    sample.save()
    dataset.app_config.modal_media_field = "filepath"
    dataset.save()
    labels = served.folder.root / "field.labels.txt"
    labels.write_text("0.250000\t1.000000\tgong\n")
    report = served.folder.sync()
    assert (report.added, report.removed) == (0, 0)
    dataset.reload()
    kept = dataset[served.ids["field.aiff", 0.0]]["events"].detections
    assert sorted(d.label for d in kept) == ["gong", "mine"]
    assert dataset.app_config.modal_media_field == "filepath"
    assert dataset.app_config.grid_media_field == "audio_filepath"
    heard = served.get("events", "field.aiff").json()["events"]
    assert [(e["label"], round(e["start_s"], 3)) for e in heard] == [("mine", 0.2), ("gong", 0.25)]


def test_what_a_person_made_of_events_stays(served):
    import fiftyone as fo

    dataset: Any = fo.load_dataset(KEY)
    window = served.ids["dawn.wav", 0.0]
    table = served.folder.root / "dawn.labels.txt"
    before = table.read_text() if table.exists() else None

    def events() -> dict[str, Any]:
        dataset.reload()
        return {d.label: d for d in dataset[window]["events"].detections}

    sample = dataset[window]
    wren, robin = (next(d for d in sample["events"].detections if d.label == name)
                   for name in ("wren", "robin"))  # fmt: skip
    wren.label, wren.bounding_box = "blackcap", [0.5, 0.1, 0.25, 0.2]
    gone = robin.event_id
    kept = [d for d in sample["events"].detections if d.event_id != gone]
    kept[-1].tags = ["listen again"]
    tagged = kept[-1].id
    sample["events"].detections = kept
    sample.save()
    left = len(events())

    served.folder.sync()
    assert len(events()) == left, "what was deleted stays deleted"
    assert events()["blackcap"].bounding_box == [0.5, 0.1, 0.25, 0.2]

    table.write_text((before or "") + "0.100000\t0.300000\tdunnock\n")
    served.folder.sync()
    assert {"dunnock", "blackcap"} <= set(events())
    assert events()["blackcap"].bounding_box == [0.5, 0.1, 0.25, 0.2]
    assert [d.tags for d in events().values() if d.id == tagged] == [["listen again"]]
    assert gone not in {d.event_id for d in events().values()}
    heard = served.get("events", "dawn.wav").json()["events"]
    assert {"blackcap": 1.0, "dunnock": 0.1}.items() <= {
        e["label"]: round(e["start_s"], 3) for e in heard
    }.items()

    for path in served.folder.root.glob("dawn*.txt"):
        path.unlink()
    served.folder.sync()
    assert set(events()) == {"blackcap"}, "its line is gone, and it is the person's now"
    assert events()["blackcap"].event_id is None
