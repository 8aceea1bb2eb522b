import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_assets.errors import StorageError, UsageError
from audio_assets.home import check_slug, slug
from audio_assets.storage import (
    atomic_open,
    conform,
    read_json,
    read_npy,
    read_parquet,
    write_json,
    write_npy,
    write_parquet,
)


def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "table.json"
    write_json(path, {"a": 1})

    def fail() -> None:
        with atomic_open(path) as stream:
            stream.write(b"half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        fail()
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["table.json"]


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    with pytest.raises(StorageError, match="could not be written"):
        write_json(blocked / "x.json", {})


def test_arrays_and_tables_come_back_and_pickles_do_not(tmp_path):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    write_npy(tmp_path / "a.npy", array)
    assert np.array_equal(read_npy(tmp_path / "a.npy"), array)
    np.save(tmp_path / "evil.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(StorageError):
        read_npy(tmp_path / "evil.npy")
    table = pa.table({"x": [1, 2]}).replace_schema_metadata({"grid": "{}"})
    write_parquet(tmp_path / "t.parquet", table)
    assert read_parquet(tmp_path / "t.parquet").schema.metadata[b"grid"] == b"{}"


def test_conform_names_the_missing_column():
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    with pytest.raises(StorageError, match="'b'"):
        conform(pa.table({"a": [1]}), schema)
    table = conform(pa.table({"b": ["x"], "c": [0], "a": [1]}), schema, extra=True)
    assert table.column_names == ["a", "b", "c"]


@given(st.text(min_size=1))
def test_any_text_becomes_a_usable_slug(text):
    assert check_slug(slug(text), "name") == slug(text)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "-a", "a|b", "a,b", "x" * 101, "a\n"])
def test_unsafe_names_are_refused(name):
    with pytest.raises(UsageError):
        check_slug(name, "The name")
