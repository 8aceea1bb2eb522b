"""A store of window arrays written anew from another one: same bits, by whichever way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from audio_assets.encoding.stored_rows import StoredRows
from audio_assets.encoding.window_arrays import WindowArrays, write_window_arrays
from audio_assets.errors import StorageError
from audio_assets.storage import atomic_open, copy_part

SHAPE = (5, 7)


def store(directory: Path, blocks, count: int) -> WindowArrays:
    index = pa.table({"window_id": [f"{directory.name}{i}" for i in range(count)]})
    write_window_arrays(directory, index, blocks, SHAPE, "uint8", {"signature": "s"})
    return WindowArrays.open(directory)


def some(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, *SHAPE)).astype(np.uint8)


def without_the_kernel(*_: object) -> int:
    raise OSError(errno.EXDEV, "not between these file systems")


def refuses(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("kernel", [True, False])
def test_rows_between_new_ones_are_copied_bit_for_bit(tmp_path, monkeypatch, kernel):
    if not kernel:
        monkeypatch.setattr(os, "copy_file_range", without_the_kernel, raising=False)
    values = some(40)
    old = store(tmp_path / "old", [values], 40)
    first, last = old.rows(np.arange(3, 20)), old.rows(np.arange(20, 40))
    assert isinstance(first, StoredRows)
    assert len(first) == 17
    new = store(tmp_path / "new", [some(2), first, some(1), last, some(3)], 43)
    expected = np.concatenate([some(2), values[3:20], some(1), values[20:], some(3)])
    np.testing.assert_array_equal(new.take(np.arange(43)), expected)
    np.testing.assert_array_equal(new.array, expected)


def test_rows_out_of_order_and_none_are_read():
    arrays = WindowArrays(pa.table({"window_id": ["a"] * 6}), some(6), {})
    np.testing.assert_array_equal(arrays.rows(np.array([4, 2])), some(6)[[4, 2]])


def test_stored_rows_are_an_array_to_who_looks(tmp_path):
    old = store(tmp_path / "old", [some(9)], 9)
    rows = old.rows(np.arange(2, 5))
    assert isinstance(rows, StoredRows)
    np.testing.assert_array_equal(np.asarray(rows), some(9)[2:5])
    block = np.zeros((4, *SHAPE), np.float32)
    block[1:] = rows
    np.testing.assert_array_equal(block[1:], some(9)[2:5])
    assert not isinstance(old.rows(np.array([5, 4])), StoredRows)
    assert len(old.rows(np.array([], np.int64))) == 0


def test_an_array_that_ends_too_early_is_named(tmp_path):
    old = store(tmp_path / "old", [some(9)], 9)
    rows = old.rows(np.arange(9))
    assert isinstance(rows, StoredRows)
    os.truncate(rows.file, rows.offset + 100)
    with pytest.raises(StorageError, match=rf"{rows.file.name} ends"):
        np.asarray(rows)
    with pytest.raises(StorageError, match=rf"{rows.file.name} ends 215 bytes too early"):
        store(tmp_path / "new", [rows], 9)
    assert not list((tmp_path / "new").glob("*array*"))


def test_a_full_disk_is_told_though_the_kernel_meets_it_first(tmp_path, monkeypatch):
    (tmp_path / "source").write_bytes(bytes(1000))
    monkeypatch.setattr(os, "copy_file_range", refuses, raising=False)

    class Full:
        def flush(self) -> None: ...
        def fileno(self) -> int:
            return 1

        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with (
        pytest.raises(StorageError, match="No space left on device"),
        atomic_open(tmp_path / "out"),
    ):
        copy_part(tmp_path / "source", 0, 1000, Full())  # pyright: ignore[reportArgumentType]
    assert not (tmp_path / "out").exists()
