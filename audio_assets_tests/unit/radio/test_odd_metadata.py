"""SigMF metadata that are valid by the schema and odd all the same: one file, never its folder."""

import copy
import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_assets.errors import RecordingError
from audio_assets.folders import AudioFolder
from audio_assets.loaders.metadata_table import build_metadata_table
from audio_assets.radio.captures import known_layout, start_time_of_samples, time_at
from audio_assets.radio.column_types import typed, typed_columns
from audio_assets.radio.labels import labels_of
from audio_assets.radio.metadata import parse_metadata
from audio_assets.radio.statement import RadioSettings
from audio_assets.radio.synthesis.folder import write_recording
from audio_assets.radio.verify import verify_iq
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid

FREQUENCY = '{"core:sample_start": 0, "core:frequency": 1e8}'
WHOLE = (
    '{"global": {"core:datatype": "cu8", "core:version": "1.2.0"}, '
    f'"captures": [{FREQUENCY}], "annotations": []}}'
)


def recording(stem: Path, whole: dict[str, Any] | None = None, **parts: Any) -> Path:
    """A recording of 131 samples with fields in the global object, captures and annotations."""
    number = int.from_bytes(hashlib.sha256(stem.name.encode()).digest()[:4], "big")
    samples = np.exp(2j * np.pi * np.random.default_rng(number).random(131)) / 2
    meta = write_recording(stem, samples, "ci16_le", 1000.0)
    tree = json.loads(meta.read_text())
    tree["global"] |= whole or {}
    meta.write_text(json.dumps({**tree, **parts}))
    return meta.with_suffix(".sigmf-data")


def table(root: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    scanned = scan_folder(root, workers=1, radio=RadioSettings())
    grid = WindowGrid.model_validate({"window_s": 1})
    folder = AudioFolder.model_validate({"key": "f", "root": root, "grid": grid, "loader": "rf"})
    metadata, report = build_metadata_table(root, folder, scanned)
    return {row["filename"].partition(".")[0]: row for row in metadata.to_pylist()}, report


def refused(text: str) -> str:
    with pytest.raises(RecordingError) as caught:
        parse_metadata(text.encode())
    str(caught.value).encode()
    return str(caught.value)


@pytest.mark.parametrize(
    ("time", "start"),
    [("0001-01-01T00:00:00Z", 100), ("0001-01-01T00:00:00Z", 0),
     ("9999-12-31T23:59:59.999999Z", 0)],
)  # fmt: skip
def test_times_at_the_ends_of_the_calendar_are_none(tmp_path: Path, time: str, start: int) -> None:
    path = recording(tmp_path / "a", captures=[{"core:sample_start": start, "core:datetime": time}])
    recording(tmp_path / "b")
    assert start_time_of_samples(path) is None
    assert time_at(known_layout(path), 130) is None
    rows, _ = table(tmp_path)
    assert rows.keys() == {"a", "b"}


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (20, "20 dB", ("20", "20 dB")),
        (True, "on", ("true", "on")),
        (True, 20, ("true", "20")),
        (20, 2.5, (20.0, 2.5)),
        (10**30, 3, (str(10**30), "3")),
        (2**60 + 1, None, (2**60 + 1, None)),
        (True, None, (True, None)),
    ],
)
def test_a_column_has_one_type(tmp_path: Path, one: Any, other: Any, found: Any) -> None:
    recording(tmp_path / "a", {"antenna:gain": one})
    recording(tmp_path / "b", {} if other is None else {"antenna:gain": other})
    rows, _ = table(tmp_path)
    cells = tuple(rows[name]["antenna_gain"] for name in "ab")
    assert cells == found
    assert [type(cell) for cell in cells] == [type(cell) for cell in found]


def test_a_table_beside_the_metadata_may_disagree_in_type(tmp_path: Path) -> None:
    recording(tmp_path / "a", {"antenna:gain": 20})
    recording(tmp_path / "b", {"antenna:gain": 7})
    (tmp_path / "metadata.csv").write_text("filename,antenna_gain\na.sigmf-data,20 dB\n")
    rows, _ = table(tmp_path)
    assert [rows[name]["antenna_gain"] for name in "ab"] == ["20 dB", "7"]


def test_missing_values_make_no_type() -> None:
    assert str(typed([None, 3]).dtype) == "Int64"
    assert typed([None, float("nan"), "x"]).tolist() == [None, None, "x"]
    assert typed([None, None]).tolist() == [None, None]
    bare = typed_columns(["a", "b"], [{}, {}])
    assert (bare.shape, bare.index.tolist()) == ((2, 0), ["a", "b"])
    assert typed_columns([], []).shape == (0, 0)


def test_fields_do_not_take_the_place_of_own_columns(tmp_path: Path) -> None:
    names = ("lat", "filepath", "path", "filename", "label", "category", "target", "datatype_x")
    recording(tmp_path / "a", {f"core:{name}": "abc" for name in names} | {"lon": "abc"})
    rows, report = table(tmp_path)
    row = rows["a"]
    assert report["matched"] == 1
    assert (row["path"], row["filename"]) == ("a.sigmf-data", "a.sigmf-data")
    own = [row[name] for name in ("lat", "lon", "label", "category", "target")]
    assert own == [None, None, None, None, None]
    assert (row["lat_custom"], row["filepath_custom"], row["datatype_x"]) == ("abc", "abc", "abc")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1e8", "NaN", ("captures[0] core:frequency", "NaN")),
        ("1e8", "-Infinity", ("captures[0] core:frequency", "-Infinity")),
        ("1e8", "9" * 5000, ("captures[0] core:frequency", "1000 digits")),
        ('"1.2.0"', '"1.2.0", "core:label": "\\ud800"', ("global core:label", "surrogate")),
        ('"1.2.0"', '"1.2.0", "core:\\udc00": 1', ("global core:\\udc00", "surrogate")),
        ('"1.2.0"', '"1.2.0", "core:version": "1.2.0"', ("'core:version'", "more than once")),
        ('"1.2.0"', '"1.2.0", "core:sha512": "x"', ("core:sha512", "128 hexadecimal digits")),
        ("1e8", '1e8, "core:datetime": "yesterday"',
         ("captures[0] core:datetime is 'yesterday'", "a time such as 2026-01-31")),
        ('"1.2.0"', '"1.2.0", "core:extensions": [{"name": "mystery", "version": "1.0.0", '
         '"optional": false}]', ("core:extensions[0] name is 'mystery'", "optional")),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_its_field(
    old: str, new: str, said: tuple[str, ...]
) -> None:
    parse_metadata(WHOLE.encode())
    assert old in WHOLE
    message = refused(WHOLE.replace(old, new))
    assert all(part in message for part in said), message
    assert "\\d" not in message
    assert len(message) < 500


def test_whole_characters_and_known_extensions_are_read() -> None:
    tree = json.loads(WHOLE)
    tree["global"] |= {
        "core:description": "\U0001f4e1",
        "core:extensions": [
            {"name": "antenna", "version": "1.0.0", "optional": False},
            {"name": "mystery", "version": "1.0.0", "optional": True},
        ],
    }
    found = parse_metadata(b"\xef\xbb\xbf" + json.dumps(tree).encode())
    assert found.fields["core:description"] == "\U0001f4e1"


def test_one_refused_file_does_not_stop_the_others(tmp_path: Path) -> None:
    recording(tmp_path / "a", {"core:description": "\ud800"})
    recording(tmp_path / "b")
    rows, _ = table(tmp_path)
    assert rows.keys() == {"b"}
    verdict = verify_iq(tmp_path / "a.sigmf-data")
    assert "global core:description" in str(verdict.reason)


def archive_of(data: Path, end: bytes = b"") -> Path:
    """An archive with files before and behind the samples."""
    path = data.with_suffix(".sigmf")
    notes = data.with_name("notes.txt")
    notes.write_bytes(b"note" + end)
    with tarfile.open(path, "w") as tar:
        for file in (notes, data, data.with_suffix(".sigmf-meta")):
            tar.add(file, f"r/{file.name}")
    return path


@pytest.mark.parametrize("header", [0, 16])
def test_the_hash_is_of_the_data_file(tmp_path: Path, header: int) -> None:
    captures = [{"core:sample_start": 0, **({"core:header_bytes": header} if header else {})}]
    data = recording(tmp_path / "a", captures=captures)
    data.write_bytes(b"\1" * header + data.read_bytes()[: 524 - header] + b"\2" * 8)
    meta = data.with_suffix(".sigmf-meta")
    tree = json.loads(meta.read_text())
    tree["global"] |= {"core:trailing_bytes": 8}
    for right in (True, False):
        content = data.read_bytes() if right else data.read_bytes()[header + 4 :]
        tree["global"]["core:sha512"] = hashlib.sha512(content).hexdigest()
        meta.write_text(json.dumps(tree))
        for path in (data, archive_of(data)):
            verdict = verify_iq(path)
            assert (verdict.status == "ok") == right, (path, verdict.reason)
            assert right or "core:sha512" in str(verdict.reason)


@pytest.mark.parametrize(
    ("whole", "parts", "said"),
    [
        ({}, {"annotations": [{"core:sample_start": 5, "core:sample_count": 5},
                              {"core:sample_start": 130, "core:sample_count": 9}]},
         "annotations[1]: core:sample_start 130, core:sample_count 9"),
        ({}, {"annotations": [{"core:sample_start": 900}]},
         "annotations[0]: core:sample_start 900"),
        ({"core:geolocation": {"type": "Point", "coordinates": [500, 20]}}, {},
         "global core:geolocation is longitude 500, latitude 20"),
        ({"core:geolocation": {"type": "Point", "coordinates": [1, 10**900]}}, {},
         "global core:geolocation is longitude 1, latitude inf"),
        ({"core:metadata_only": True}, {}, "core:metadata_only is set"),
    ],
)  # fmt: skip
def test_oddities_are_warned_of_by_their_field(
    tmp_path: Path, whole: dict[str, Any], parts: dict[str, Any], said: str
) -> None:
    verdict = verify_iq(recording(tmp_path / "a", whole, **parts))
    assert verdict.status == "ok"
    assert said in str(verdict.warning)
    assert verify_iq(recording(tmp_path / "b")).warning is None


def test_a_comment_is_no_label(tmp_path: Path) -> None:
    marks = [
        {"core:sample_start": 0, "core:sample_count": 100, "core:comment": "check this"},
        {"core:sample_start": 100, "core:sample_count": 10, "core:label": "FM"},
    ]
    layout = known_layout(recording(tmp_path / "a", annotations=copy.deepcopy(marks)))
    assert labels_of(layout, 0, 131) == ["FM"]
    rows, _ = table(tmp_path)
    assert rows["a"]["label"] == "FM"


def test_a_place_is_read_behind_a_byte_order_mark(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [13.4, 52.5]}
    data = recording(tmp_path / "a", {"core:geolocation": point})
    meta = data.with_suffix(".sigmf-meta")
    meta.write_bytes(b"\xef\xbb\xbf" + meta.read_bytes())
    rows, _ = table(tmp_path)
    assert (rows["a"]["lat"], rows["a"]["lon"]) == (52.5, 13.4)
