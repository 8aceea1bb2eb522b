import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_assets import storage
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


def test_what_a_killed_writer_left_is_written_over(tmp_path):
    path = tmp_path / "table.json"
    code = """
        import os, signal, sys
        from pathlib import Path
        from audio_assets.storage import atomic_open
        with atomic_open(Path(sys.argv[1])) as stream:
            stream.write(b"half")
            stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    assert not path.exists()
    storage.write_json(path, {"whole": True})
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert storage.read_json(path) == {"whole": True}


def test_writers_of_one_file_wait_for_each_other(tmp_path):
    path = tmp_path / "table.json"

    def write(number):
        storage.write_json(path, [number] * 2000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(200)))
    content = storage.read_json(path)
    assert len(content) == 2000
    assert len(set(content)) == 1
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_writer_that_does_not_end_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "WAIT_S", 0.1)
    path = tmp_path / "table.json"
    with storage.atomic_open(path) as stream:
        stream.write(b"[1]")
        with (
            pytest.raises(StorageError, match="another process has been writing it"),
            storage.atomic_open(path),
        ):
            pass
    assert storage.read_json(path) == [1]


def test_an_abandoned_directory_is_emptied(tmp_path):
    temporary = tmp_path / ".tmp-index"
    (temporary / "left" / "deep").mkdir(parents=True)
    (temporary / "file").write_bytes(b"x")
    with storage.claimed(temporary, directory=True) as mine:
        assert list(mine.iterdir()) == []
        (mine / "new").write_bytes(b"y")
        mine.rename(tmp_path / "index")
    assert [p.name for p in tmp_path.iterdir()] == ["index"]
    with storage.claimed(temporary, directory=True):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["index"]
