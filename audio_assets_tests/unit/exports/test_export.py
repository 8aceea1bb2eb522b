"""Every kind of export, read back by the programs' own rules."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.exports.export import ExportReport, export
from audio_assets.home import Home
from audio_assets.reading import load_embeddings

from .conftest import NOON, Pair


def write(pair: Pair, what, output, **options) -> ExportReport:
    return export(pair.folder, pair.checkpoint, what, output, settings=pair.settings, **options)


def lines(path) -> list[list[str]]:
    """Cells of a tab-separated file without any quoting, as Raven and Audacity read it."""
    text = path.read_bytes().decode()
    assert text.endswith("\n")
    return [line.split("\t") for line in text[:-1].split("\n")]


def test_loaded_windows_say_when_they_began_and_how_much_of_them_is_padding(pair):
    windows, vectors = load_embeddings(pair.folder, pair.checkpoint, settings=pair.settings)
    assert windows["start_s"].tolist() == [0, 2, 3, 0]
    assert windows["padded_s"].tolist() == [0, 0, 0, 0.5]
    began = windows["window_start_time"]
    assert began[:3].tolist() == [
        NOON, NOON + timedelta(seconds=1.998), NOON + timedelta(seconds=2.997),
    ]  # fmt: skip
    assert began[3] is pd.NaT
    assert str(began.dtype) == "datetime64[us, UTC]"
    assert np.array_equal(vectors, pair.vectors)


def test_parquet_holds_vectors_as_they_are_and_text_as_it_is(pair, tmp_path):
    assert write(pair, "embeddings", tmp_path / "e.parquet").rows == 4
    table = pq.read_table(tmp_path / "e.parquet")
    assert str(table.schema.field("embedding").type) == "fixed_size_list<element: float>[3]"
    assert np.array_equal(np.stack(table["embedding"].to_numpy()), pair.vectors)
    assert table["label"][0].as_py() == "=cmd|' /C calc'!A0"
    assert table["window_start_time"][0].as_py() == NOON
    assert table.schema.metadata[b"checkpoint"] == b"c1"


def test_csv_gives_back_the_very_vectors_and_no_formula(pair, tmp_path):
    write(pair, "csv", tmp_path / "all.txt")
    write(pair, "embeddings", tmp_path / "e.csv")
    assert (tmp_path / "all.txt").read_bytes() == (tmp_path / "e.csv").read_bytes()
    with (tmp_path / "e.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = [[row[f"embedding_{i}"] for i in range(3)] for row in rows]
    assert np.array_equal(np.array(found).astype(np.float32), pair.vectors)
    assert rows[0]["label"] == "'=cmd|' /C calc'!A0"
    assert rows[3]["label"] == "blue\twhale\nA call"
    assert [row["depth"] for row in rows] == ["-5", "-5", "-5", "'@home"]
    assert datetime.fromisoformat(rows[1]["window_start_time"]) == NOON + timedelta(seconds=1.998)
    assert rows[3]["window_start_time"] == ""


def test_metadata_have_no_vectors_and_clusters_have_their_columns(pair, tmp_path):
    write(pair, "metadata", tmp_path / "m.csv")
    frame = pd.read_csv(tmp_path / "m.csv")
    assert not [name for name in frame if name.startswith("embedding")]
    write(pair, "clusters", tmp_path / "c.parquet")
    table = pq.read_table(tmp_path / "c.parquet")
    assert table["cluster"].to_pylist() == [0, 1, -1, 1]
    assert table["probability"].to_pylist() == [1, 0.5, 0, 0.25]
    assert table["exemplar"].to_pylist() == [0, 0, None, 1]
    write(pair, "outliers", tmp_path / "o.csv", select=["cluster=-1", "cluster=1"])
    ranked = pd.read_csv(tmp_path / "o.csv")
    ids = pair.windows["window_id"].to_pylist()
    assert ranked["window_id"].tolist() == [ids[2], ids[3], ids[1]]
    assert ranked["rank"].tolist() == [1, 2, 3]


def test_a_raven_table_over_all_files_counts_time_through_the_duplicate(pair, tmp_path):
    write(pair, "raven", tmp_path / "reef.txt")
    head, *rows = lines(tmp_path / "reef.txt")
    assert head == [
        "Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)",
        "High Freq (Hz)", "Begin Path", "Begin File", "End File", "File Offset (s)", "Window Id",
        "Start Time (UTC)", "Label", "Cluster",
    ]  # fmt: skip
    assert {len(row) for row in rows} == {len(head)}
    table = [dict(zip(head, row, strict=True)) for row in rows]
    assert [float(row["Begin Time (s)"]) for row in table] == [0, 2, 3, 10]
    assert [float(row["End Time (s)"]) for row in table] == [2, 4, 5, 11.5]  # no padding in it
    assert [float(row["File Offset (s)"]) for row in table] == [0, 2, 3, 0]
    assert [float(row["High Freq (Hz)"]) for row in table] == [500, 500, 500, 1000]
    assert table[0]["Begin Path"] == str(pair.root / "a" / "one.wav")
    assert table[3]["Begin File"] == "two.flac"
    assert table[3]["Label"] == "blue whale A call"
    assert table[2]["Cluster"] == "-1"
    assert table[1]["Start Time (UTC)"] == "2019-05-22T12:00:01.998000Z"
    assert [row["Selection"] for row in table] == ["1", "2", "3", "4"]
    sounds = (tmp_path / "reef.txt.sounds.txt").read_text().splitlines()
    assert sounds == [str(pair.root / p) for p in ("a/one.wav", "a/same.wav", "two.flac")]


def test_raven_tables_per_file_count_from_the_start_of_each(pair, tmp_path):
    report = write(pair, "raven", tmp_path / "tables", per_file=True)
    assert (report.rows, report.files) == (4, 2)
    found = sorted(p.relative_to(tmp_path / "tables").as_posix() for p in tmp_path.rglob("*.txt"))
    assert found == ["a/one.wav.Table.1.selections.txt", "two.flac.Table.1.selections.txt"]
    head, row = lines(tmp_path / "tables" / found[1])
    cells = dict(zip(head, row, strict=True))
    assert (cells["Selection"], cells["Begin Time (s)"], cells["End Time (s)"]) == (
        "1", "0.000000", "1.500000",
    )  # fmt: skip


def test_audacity_labels_are_three_cells_a_line_whatever_the_label_holds(pair, tmp_path):
    write(pair, "audacity", tmp_path / "all.txt")
    rows = lines(tmp_path / "all.txt")
    assert rows[3] == ["10.000000", "11.500000", "blue whale A call cluster 1"]
    assert {len(row) for row in rows} == {3}
    write(pair, "audacity", tmp_path / "each", per_file=True)
    assert lines(tmp_path / "each" / "two.flac.labels.txt")[0][:2] == ["0.000000", "1.500000"]


def test_labels_without_clusters_or_labels_are_named_by_their_window(pair, tmp_path):
    home = Home.of(pair.settings)
    home.asset("clusters", folder="reef", checkpoint="c1").unlink()
    with pytest.raises(NotMaterializedError, match="audio-assets run"):
        write(pair, "clusters", tmp_path / "c.parquet")
    write(pair, "audacity", tmp_path / "all.txt")
    assert lines(tmp_path / "all.txt")[3][2] == "blue whale A call"


def test_geojson_has_points_and_says_how_many_it_has_not(pair, tmp_path):
    report = write(pair, "geojson", tmp_path / "map.geojson")
    assert (report.rows, report.left_out) == (3, 1)
    found = json.loads((tmp_path / "map.geojson").read_text())
    assert found["type"] == "FeatureCollection"
    assert found["windows_without_coordinates"] == 1
    first = found["features"][0]
    assert first["geometry"] == {"type": "Point", "coordinates": [179.5, -17.5]}
    assert first["id"] == first["properties"]["window_id"]
    assert first["properties"]["window_start_time"] == "2019-05-22T12:00:00Z"
    assert first["properties"]["coordinates"] == "given"
    assert first["properties"]["target"] is None
    assert "lat" not in first["properties"]


@pytest.mark.parametrize(
    ("select", "rows"),
    [
        (["cluster=1"], [1, 3]),
        (["cluster=-1", "cluster=0"], [0, 2]),
        (["label=blue\twhale\nA call"], [3]),
        (["time=2019-05-22T12:00:01Z/2019-05-22T12:00:02Z"], [1]),
        (["time=2019-05-22/2019-05-23"], [0, 1, 2]),
        (["time=2019-05-22T14:00:00+02:00/2019-05-22T14:00:01+02:00"], [0]),
        (["box=170,-20,-170,-10"], [0, 1, 2]),
        (["box=170,-20,180,-10", "cluster=1"], [1]),
    ],
)
def test_selections(pair, tmp_path, select, rows):
    write(pair, "embeddings", tmp_path / "e.parquet", select=select)
    table = pq.read_table(tmp_path / "e.parquet")
    ids = pair.windows["window_id"].to_pylist()
    assert table["window_id"].to_pylist() == [ids[row] for row in rows]
    assert np.array_equal(np.stack(table["embedding"].to_numpy()), pair.vectors[rows])


def test_window_ids_come_from_text_csv_or_parquet(pair, tmp_path):
    ids = pair.windows["window_id"].to_pylist()
    (tmp_path / "ids.txt").write_text(f"{ids[2]}\n\n{ids[0]}\nunknown\n")
    write(pair, "metadata", tmp_path / "some.csv", select=[str(tmp_path / "ids.txt")])
    assert pd.read_csv(tmp_path / "some.csv")["window_id"].tolist() == [ids[0], ids[2]]
    write(pair, "metadata", tmp_path / "m.parquet", select=[f"ids={tmp_path / 'some.csv'}"])
    report = write(pair, "raven", tmp_path / "r", select=[f"ids={tmp_path / 'm.parquet'}"])
    assert report.rows == 2


@pytest.mark.parametrize(
    ("select", "says"),
    [
        (["label=dgo"], "fits none of the 4 windows"),
        (["colour=red"], "not a selection"),
        (["nonsense"], "not a selection"),
        (["cluster=one"], "number of a cluster"),
        (["time=now/later"], "not a span"),
        (["time=2019-05-23/2019-05-22"], "ends before"),
        (["box=1,2,3"], "WEST,SOUTH,EAST,NORTH"),
        (["box=0,50,10,40"], "no box"),
        (["ids=/no/such/file"], "does not hold window ids"),
    ],
)
def test_a_selection_that_cannot_be_met_is_one_sentence_and_writes_nothing(
    pair, tmp_path, select, says
):
    with pytest.raises(UsageError, match=says) as caught:
        write(pair, "csv", tmp_path / "out.csv", select=select)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


def test_a_file_where_a_directory_is_wanted_and_the_other_way_round(pair, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        write(pair, "raven", tmp_path / "file", per_file=True)
    with pytest.raises(UsageError, match="is a directory"):
        write(pair, "raven", tmp_path)
    with pytest.raises(UsageError, match="--per-file"):
        write(pair, "csv", tmp_path / "x", per_file=True)
    assert (tmp_path / "file").read_text() == "mine"


def test_times_of_windows_are_utc_whatever_the_machine_says(pair, tmp_path):
    write(pair, "metadata", tmp_path / "m.parquet")
    times = pq.read_table(tmp_path / "m.parquet")["window_start_time"]
    assert times.type.tz == "UTC"
    assert times[0].as_py().astimezone(UTC) == NOON
