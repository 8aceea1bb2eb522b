"""People's edits of metadata."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from audio_assets.errors import MetadataError
from audio_assets.home import Home
from audio_assets.orchestration.edits import apply_edits, edit_files
from audio_assets.storage import write_parquet

TABLE = pa.table({"path": ["a.wav", "b.wav"], "label": ["dog", None], "lat": [1.0, None]})


def write(home: Home, *edits: dict) -> None:
    home.edits.mkdir(parents=True, exist_ok=True)
    (home.edits / "reef.jsonl").write_text("".join(json.dumps(e) + "\n" for e in edits))


def test_without_edits_the_table_stays(home: Home) -> None:
    assert apply_edits(home, "reef", TABLE).equals(TABLE)
    assert edit_files(home, "reef") == {}


def test_the_last_edit_of_a_value_wins(home: Home) -> None:
    write(
        home,
        {"path": "b.wav", "column": "label", "value": "cat"},
        {"path": "b.wav", "column": "label", "value": "whale"},
        {"path": "a.wav", "column": "lat", "value": 2.5},
        {"path": "gone.wav", "column": "label", "value": "x"},
    )
    table = apply_edits(home, "reef", TABLE)
    assert table["label"].to_pylist() == ["dog", "whale"]
    assert table["lat"].to_pylist() == [2.5, None]
    assert list(edit_files(home, "reef")) == ["reef.jsonl"]


def test_a_new_column_is_text(home: Home) -> None:
    write(home, {"path": "a.wav", "column": "note", "value": 3})
    assert apply_edits(home, "reef", TABLE)["note"].to_pylist() == ["3", None]


def test_edits_may_be_a_parquet_table(home: Home) -> None:
    write_parquet(
        home.edits / "reef.parquet",
        pa.table({"path": ["a.wav"], "column": ["label"], "value": ["owl"]}),
    )
    assert apply_edits(home, "reef", TABLE)["label"].to_pylist() == ["owl", None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{broken", "line 1: not JSON"),
        ("[1]", "expected an object"),
        ('{"path": "a.wav"}', "row 1: expected path, column and value"),
        ('{"path": "a.wav", "column": "path", "value": "b"}', "cannot be edited"),
        ('{"path": "a.wav", "column": "lat", "value": "north"}', "does not fit"),
    ],
)
def test_an_edit_that_cannot_be_used_is_named(home: Home, text: str, message: str) -> None:
    home.edits.mkdir(parents=True)
    (home.edits / "reef.jsonl").write_text(text + "\n")
    with pytest.raises(MetadataError, match=message):
        apply_edits(home, "reef", TABLE)
