"""Tables, tracks and tags made by someone who means ill: data or a sentence, soon."""

import io
import os
import struct
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audio_assets.errors import MetadataError
from audio_assets.loaders.base import files_below, is_inside
from audio_assets.loaders.custom import CustomLoader
from audio_assets.loaders.events import event_tables, read_events
from audio_assets.loaders.metadata_table import build_metadata_table, side_file_hashes
from audio_assets.loaders.places.file_tags import guano_place, ixml_place
from audio_assets.loaders.places.sigmf import SigmfPlaces
from audio_assets.loaders.places.source import Unplaced

from .data_sets import folder, recordings, sounds, table


@pytest.fixture
def root(tmp_path):
    return sounds(tmp_path, "a.wav", "sub/b.wav")


def refusal(root) -> str:
    with pytest.raises(MetadataError) as caught:
        CustomLoader(root).load_metadata()
    assert len(str(caught.value)) < 1000
    return str(caught.value)


def parquet(root, found: pa.Table) -> None:
    content = io.BytesIO()
    pq.write_table(found, content)
    (root / "metadata.parquet").write_bytes(content.getvalue())


def test_a_hundred_thousand_columns_are_refused_soon(root):
    names = ",".join(f"c{i}" for i in range(100_000))
    table(root, "metadata.csv", f"filename,{names}\na.wav{',' * 100_000}\n")
    begun = time.monotonic()
    assert "has 100,001 columns; expected at most 2,048" in refusal(root)
    assert time.monotonic() - begun < 5


def test_very_many_columns_are_not_all_listed(root):
    table(root, "metadata.csv", ",".join(f"c{i}" for i in range(2000)) + "\n")
    assert "'c19' and 1,980 more" in refusal(root)


def test_a_huge_table_is_not_read(root):
    with (root / "metadata.csv").open("wb") as stream:
        stream.truncate(1 << 33)
    assert "has 8,590 MB; expected at most 134 MB" in refusal(root)


def test_a_small_parquet_file_of_endless_rows_is_not_unpacked(root):
    rows = 30_000_000
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array(["a.wav"]))
    parquet(root, pa.table({"filename": names, "x": pa.array(np.zeros(rows, np.int8))}))
    assert "has 30,000,000 rows of 2 columns; expected at most 50,000,000 cells" in refusal(root)


@pytest.mark.parametrize("names", [["filename", "x", "x"], ["filename", "filename", "x"]])
def test_parquet_columns_of_one_name_are_refused(root, names):
    columns = [pa.array(["a.wav"]), pa.array(["a.wav"]), pa.array([1])]
    parquet(root, pa.Table.from_arrays(columns, names))
    assert "is there twice. Rename one" in refusal(root)


def test_lists_structs_and_bytes_in_cells_become_text(root):
    cells = {
        "a": [[1, 2], None],
        "b": [{"c": "y"}, None],
        "d": [b"\xff", None],
        "label": [["x"], []],
    }
    parquet(root, pa.table({"filename": ["a.wav", "sub/b.wav"], **cells}))
    read = CustomLoader(root).load_metadata()
    assert read["a"].tolist()[0] == "[1, 2]"
    assert read["b"].tolist()[0] == "{'c': 'y'}"
    assert read["d"].tolist()[0] == "\\xff"
    assert read["label"].tolist()[0] == "['x']"


def test_a_header_without_rows_is_a_table_of_none(root):
    table(root, "metadata.csv", "filename,label\n")
    metadata, report = build_metadata_table(root, folder(root), recordings(root))
    assert (report["rows"], metadata.num_rows) == (0, 2)


def test_a_whole_number_that_a_float_would_change_is_refused(root):
    table(root, "metadata.csv", "filename,target\na.wav,9007199254740993\n")
    assert "expected a whole number" in refusal(root)


def test_pipes_directories_and_circles_are_no_side_files(root):
    for name in ("a.sigmf-meta", "a.gpx", "a.txt", "a.Table.1.selections.txt"):
        os.mkfifo(root / name)
        (root / "sub" / name).mkdir()
        (root / f"circle.{name}").symlink_to(f"circle.{name}")
    assert files_below(root, ".gpx") == []
    assert not is_inside(root / "circle.a.gpx", root)
    assert event_tables(root) == []
    assert side_file_hashes(root) == {}


def test_a_name_that_leaves_no_room_for_another_ending_has_no_metadata_beside_it(tmp_path):
    name = "n" * 251 + ".wav"
    sounds(tmp_path, name)
    found = SigmfPlaces().locate(tmp_path, [Unplaced(name, None)], None)
    assert (found.places, found.problems) == ({}, [])


def test_a_table_of_events_with_odd_lines_is_read_on(root):
    header = "Selection\tBegin Time (s)\tEnd Time (s)\tNotes\n"
    lines = f"1\t0.1\t0.2\t{'x' * 200_000}\n2\t0.2\t0.3\tcarriage\rreturn\n3\t0.3\t0.4\tlast\n"
    table(root, "a.Table.1.selections.txt", header + lines)
    events, problems = read_events(root, ["a.wav"])
    assert [event.begin_s for event in events] == [0.1, 0.2, 0.3]
    assert len(problems) == 1


@pytest.mark.parametrize("encoding", [b"no-such", b"utf-7", b"hex", b"idna"])
def test_tags_in_an_encoding_that_does_not_exist_have_no_place(encoding):
    text = b'<?xml version="1.0" encoding="' + encoding + b'"?><BWFXML/>'
    assert ixml_place(text) is None


def test_a_place_of_endless_blanks_takes_no_time():
    begun = time.monotonic()
    assert guano_place(b"Loc Position: 1" + b" " * 1_000_000 + b"x") is None
    assert time.monotonic() - begun < 1


def test_the_tags_of_a_lying_file_do_not_stop_the_table(root):
    chunk = b"ds64" + struct.pack("<IQQQI", 28, 0, (1 << 64) - 1, 0, 0)
    (root / "c.wav").write_bytes(b"RF64\xff\xff\xff\xffWAVE" + chunk + b"data\xff\xff\xff\xff")
    metadata, _ = build_metadata_table(root, folder(root), recordings(root))
    assert metadata.num_rows == 2
