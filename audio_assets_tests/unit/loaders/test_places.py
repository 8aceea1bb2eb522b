"""Places that a table does not give: inside files, beside them, asked of services."""

import json
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from audio_assets.errors import UsageError
from audio_assets.loaders.metadata_table import build_metadata_table, side_file_hashes
from audio_assets.loaders.places.file_tags import FileTags, guano_place, ixml_place
from audio_assets.loaders.places.freesound import Freesound
from audio_assets.loaders.places.geocoder import Geocoder
from audio_assets.loaders.places.gpx import GpxTracks, place_at
from audio_assets.loaders.places.sigmf import SigmfPlaces
from audio_assets.loaders.places.source import Unplaced
from audio_assets.recordings.wave_chunks import read_chunks

from .data_sets import folder, recordings, sounds, table

GUANO = b"GUANO|Version: 1.0\nTimestamp: 2023-06-01T21:00:00\nLoc Position: 48.05 -122.50\n"
IXML = (
    b"<?xml version='1.0'?><BWFXML><LOCATION><LOCATION_NAME>Ridge</LOCATION_NAME>"
    b"<LOCATION_GPS>47.756787, -123.729977</LOCATION_GPS></LOCATION></BWFXML>"
)
GPX = """<?xml version="1.0"?><gpx version="1.1" creator="test"
 xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="10.0" lon="179.9"><time>2024-05-01T12:00:00Z</time></trkpt>
<trkpt lat="11.0" lon="-179.9"><time>2024-05-01T12:10:00Z</time></trkpt>
</trkseg></trk></gpx>"""


def with_chunk(path: Path, name: bytes, content: bytes) -> None:
    """Append a chunk to a WAV file."""
    body = path.read_bytes()[8:] + name + struct.pack("<I", len(content)) + content
    body += b"\0" * (len(content) & 1)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def rows_of(root: Path, **settings):
    metadata, report = build_metadata_table(root, folder(root, **settings), recordings(root))
    return {row["path"]: row for row in metadata.to_pylist()}, report


@pytest.mark.parametrize(("name", "content", "place"), [
    (b"guan", GUANO, (48.05, -122.50)),
    (b"iXML", IXML, (47.756787, -123.729977)),
])  # fmt: skip
def test_tags_of_a_wav_file_place_it(tmp_path, name, content, place):
    root = sounds(tmp_path, "a.wav", "b.wav")
    with_chunk(root / "a.wav", name, content)
    rows, report = rows_of(root)
    assert (rows["a.wav"]["lat"], rows["a.wav"]["lon"]) == place
    assert rows["a.wav"]["coordinates"] == "file_tags"
    assert rows["b.wav"]["lat"] is None
    assert report["places"] == {"file_tags": {"found": 1, "problems": []}}


@pytest.mark.parametrize("text", [
    b"", b"Loc Position: north", b"Loc Position: 91 0", b"Loc Position: 0.0 0.0", b"\xff\xfe\0",
])  # fmt: skip
def test_tags_that_say_no_place(text):
    assert guano_place(text) is None
    assert ixml_place(b"<BWFXML><LOCATION><LOCATION_GPS>" + text) is None
    assert ixml_place(b"<!DOCTYPE a><BWFXML/>") is None


def test_chunks_of_a_cut_or_foreign_file(tmp_path):
    root = sounds(tmp_path, "a.wav")
    with_chunk(root / "a.wav", b"guan", GUANO)
    whole = (root / "a.wav").read_bytes()
    assert read_chunks(root / "a.wav", {b"guan"}) == {b"guan": GUANO}
    for cut in (3, 11, 40, len(whole) - len(GUANO) - 4):
        (tmp_path / "cut.wav").write_bytes(whole[:cut])
        assert read_chunks(tmp_path / "cut.wav", {b"guan"}) == {}
    (tmp_path / "text.wav").write_bytes(b"not a wave file at all")
    assert read_chunks(tmp_path / "text.wav", {b"guan"}) == {}
    found = FileTags().locate(root, [Unplaced("gone.wav")], None)
    assert found.places == {}
    assert "gone.wav: No such file" in found.problems[0]


def test_sigmf_metadata_places_its_recording(tmp_path):
    root = sounds(tmp_path, "a.wav", "b.wav", "c.wav")
    point = {"type": "Point", "coordinates": [13.4, 52.5, 34.0]}
    (root / "a.sigmf-meta").write_text(json.dumps({"global": {"core:geolocation": point}}))
    (root / "b.sigmf-meta").write_text(
        json.dumps({"global": {}, "captures": [{"core:geolocation": point}]})
    )
    (root / "c.sigmf-meta").write_text("{")
    rows, report = rows_of(root)
    assert {(rows[n]["lat"], rows[n]["lon"]) for n in ("a.wav", "b.wav")} == {(52.5, 13.4)}
    assert rows["c.wav"]["coordinates"] is None
    assert "c.sigmf-meta is no SigMF metadata" in report["places"]["sigmf"]["problems"][0]
    assert sorted(side_file_hashes(root, folder(root))) == [
        "a.sigmf-meta", "b.sigmf-meta", "c.sigmf-meta",
    ]  # fmt: skip
    assert len(SigmfPlaces().side_files(root)) == 3


@pytest.mark.parametrize(("content", "problem"), [
    ('{"global": {"core:geolocation": {}}}', "is no SigMF metadata"),
    ('{"global": {"core:geolocation": {"coordinates": [' + "9" * 400 + ', 1]}}}',
     "core:geolocation is longitude inf"),
    ("[" * 100_000, "is no SigMF metadata"),
    ('{"global": {"core:geolocation": {"coordinates": [200, 1]}}}',
     "a.sigmf-meta: global core:geolocation is longitude 200, latitude 1"),
    ('{"captures": [{"core:geolocation": {"coordinates": [1, 100]}}]}',
     "captures[0] core:geolocation"),
])  # fmt: skip
def test_sigmf_metadata_that_give_no_place_are_named(tmp_path, content, problem):
    root = sounds(tmp_path, "a.wav", "b.wav")
    (root / "a.sigmf-meta").write_text(content)
    point = {"type": "Point", "coordinates": [2.0, 1.0]}
    (root / "b.sigmf-meta").write_text(
        json.dumps({"global": {"core:geolocation": point}}), "utf-8-sig"
    )
    rows, report = rows_of(root)
    assert rows["a.wav"]["lat"] is None
    assert (rows["b.wav"]["lat"], rows["b.wav"]["lon"]) == (1.0, 2.0)
    assert problem in report["places"]["sigmf"]["problems"][0]


def test_a_track_places_recordings_by_their_start(tmp_path):
    root = sounds(tmp_path, "20240501T120500Z.wav", "20240501T130000Z.wav", "untimed.wav")
    (root / "walk.gpx").write_text(GPX)
    start = datetime(2024, 5, 1, 12, 5, tzinfo=UTC)
    found = GpxTracks().locate(
        root,
        [
            Unplaced("20240501T120500Z.wav", start),
            Unplaced("20240501T130000Z.wav", start + timedelta(minutes=55)),
            Unplaced("untimed.wav"),
        ],
        None,
    )
    assert list(found.places) == ["20240501T120500Z.wav"]
    latitude, longitude = found.places["20240501T120500Z.wav"]
    assert latitude == pytest.approx(10.5)
    assert abs(longitude) == pytest.approx(180.0), "half-way over the 180th meridian"
    (root / "broken.gpx").write_text("<gpx><trk>")
    assert "broken.gpx is no GPX track" in GpxTracks().locate(root, [], None).problems[0]


def test_a_long_gap_in_a_track_is_not_bridged():
    track = np.array([[0.0, 1.0, 1.0], [7200.0, 2.0, 2.0]])
    assert place_at(track, 300.0) == (1.0, 1.0)
    assert place_at(track, 7000.0) == (2.0, 2.0)
    assert place_at(track, 3600.0) is None


def test_the_tables_own_place_wins_and_invented_ones_come_last(tmp_path):
    root = sounds(tmp_path, "a.wav", "b.wav", "c.wav")
    for name in ("a.wav", "b.wav"):
        with_chunk(root / name, b"guan", GUANO)
    table(root, "metadata.csv", "filename,lat,lon\na.wav,1.5,2.5\nb.wav,,\nc.wav,,\n")
    rows, report = rows_of(root, synthetic_geo=True)
    assert [rows[n]["coordinates"] for n in ("a.wav", "b.wav", "c.wav")] == [
        "given", "file_tags", "synthetic",
    ]  # fmt: skip
    assert rows["a.wav"]["lat"] == 1.5
    assert report["synthetic_coordinates"] == 1
    rows, _ = rows_of(root, places=[])
    assert rows["b.wav"]["lat"] is None


def test_an_unknown_source_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no such source of places: moon; known: .*geocoder"):
        folder(tmp_path, places=["gpx", "moon"])


@pytest.fixture
def service() -> Iterator[Callable[[dict[str, object]], tuple[str, list[str]]]]:
    """A server on this machine that gives recorded answers, by a text in the question."""
    servers = []

    def serve(answers: dict[str, object]) -> tuple[str, list[str]]:
        questions: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                question = next(iter(query.get("q") or query.get("filter") or [""]))
                questions.append(question)
                answer = answers.get(question)
                self.send_response(200 if question in answers else 503)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", questions

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_names_are_geocoded_once_and_remembered(tmp_path, service, monkeypatch):
    pytest.importorskip(
        "geopy", reason="geopy is not installed: pip install 'audio-assets[places]'"
    )
    berlin = [{"lat": "52.5170365", "lon": "13.3888599", "display_name": "Berlin, Deutschland"}]
    address, questions = service({"Berlin": berlin, "Nowhere at all": []})
    monkeypatch.setenv("AUDIO_ASSETS_GEOCODER_URL", address)
    asked = [
        Unplaced("a.wav", row={"site": " Berlin "}), Unplaced("b.wav", row={"place": "Berlin"}),
        Unplaced("c.wav", row={"location": "Nowhere  at all"}), Unplaced("d.wav"),
    ]  # fmt: skip
    memory = tmp_path / "answers.json"
    for _ in range(2):
        found = Geocoder().locate(tmp_path, asked, memory)
        assert found.places == dict.fromkeys(["a.wav", "b.wav"], (52.5170365, 13.3888599))
        assert found.problems == ["No such place: Nowhere at all. Correct the names."]
    assert questions == ["Berlin", "Nowhere at all"]
    lost = Geocoder().locate(tmp_path, [*asked, Unplaced("e.wav", row={"site": "Oslo"})], memory)
    assert len(lost.places) == 2
    assert "did not answer for 'Oslo'" in lost.problems[0]


def test_freesound_ids_are_looked_up_together(tmp_path, service, monkeypatch):
    results = [
        {"id": 100032, "geotag": "41.4036 2.1744"}, {"id": 17150, "geotag": None},
        {"id": 5, "geotag": "no numbers"},
    ]  # fmt: skip
    address, questions = service({"id:(5 OR 17150 OR 100032)": {"count": 3, "results": results}})
    monkeypatch.setenv("AUDIO_ASSETS_FREESOUND_URL", address)
    asked = [
        Unplaced("a.wav", row={"src_file": "100032"}), Unplaced("b.wav", row={"src_file": "17150"}),
        Unplaced("c.wav", row={"freesound_id": 5}), Unplaced("d.wav", row={"src_file": "x"}),
    ]  # fmt: skip
    monkeypatch.delenv("AUDIO_ASSETS_FREESOUND_TOKEN", raising=False)
    with pytest.raises(UsageError, match="AUDIO_ASSETS_FREESOUND_TOKEN"):
        Freesound().locate(tmp_path, asked, None)
    monkeypatch.setenv("AUDIO_ASSETS_FREESOUND_TOKEN", "key")
    memory = tmp_path / "answers.json"
    for _ in range(2):
        found = Freesound().locate(tmp_path, asked, memory)
        assert found.places == {"a.wav": (41.4036, 2.1744)}
        assert found.problems == []
    assert len(questions) == 1
    lost = Freesound().locate(tmp_path, [Unplaced("e.wav", row={"src_file": "6"})], memory)
    assert "Freesound did not answer" in lost.problems[0]
