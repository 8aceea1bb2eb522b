"""One array per window on disk: an index and a memory-mapped `.npy`, always of the same run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from audio_assets.encoding.shards import positions
from audio_assets.encoding.stored_rows import StoredRows
from audio_assets.errors import StorageError
from audio_assets.storage import atomic_open, copy_part, read_npy, read_parquet, write_parquet

INDEX = "index.parquet"
ARRAY_KEY, ATTRIBUTES_KEY = b"array", b"attributes"


@dataclass(frozen=True)
class WindowArrays:
    """Rows of `array` belong to rows of `index`.

    Attributes:
        index: window_id first, then whatever the writer adds per window.
        array: [N, *shape], memory-mapped, read-only.
        attributes: JSON values; `signature` among them.
    """

    index: pa.Table
    array: np.ndarray
    attributes: dict[str, Any]

    @property
    def window_ids(self) -> pa.ChunkedArray:
        """Ids, string [N]."""
        return self.index["window_id"]

    def __len__(self) -> int:
        return self.index.num_rows

    def locate(self, window_ids: pa.ChunkedArray | pa.Array) -> np.ndarray:
        """Row of each window: int64 [len(window_ids)], -1 where it is not stored."""
        return positions(window_ids, self.window_ids)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Copy rows by plain reads.

        Args:
            rows: int64 [n], each 0 ≤ row < N.

        Returns:
            [n, *shape].

        Raises:
            StorageError: when the file ends too early.
        """
        mapped = self.array
        if not isinstance(mapped, np.memmap) or mapped.filename is None or not len(rows):
            return np.asarray(mapped[rows])
        out = np.empty((len(rows), *mapped.shape[1:]), mapped.dtype)
        runs = np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1)
        with Path(mapped.filename).open("rb", buffering=0) as stream:
            for run in runs:
                self._stored(mapped, rows[run]).read(stream, out[run[0] : run[-1] + 1])
        return out

    def rows(self, rows: np.ndarray) -> np.ndarray | StoredRows:
        """As `take`, but nothing is read yet where the rows follow one another in the file."""
        mapped = self.array
        one_by_one = not len(rows) or bool((np.diff(rows) != 1).any())
        if one_by_one or not isinstance(mapped, np.memmap) or mapped.filename is None:
            return self.take(rows)
        return self._stored(mapped, rows)

    def _stored(self, mapped: np.memmap, rows: np.ndarray) -> StoredRows:
        """Rows that follow one another, at least one."""
        shape = (len(rows), *mapped.shape[1:])
        offset = mapped.offset + int(rows[0]) * mapped[0].nbytes
        return StoredRows(Path(str(mapped.filename)), offset, shape, mapped.dtype)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open a store.

        Raises:
            StorageError: missing, damaged, or index and array do not belong together.
        """
        index = read_parquet(directory / INDEX)
        metadata = index.schema.metadata or {}
        if ARRAY_KEY not in metadata or ATTRIBUTES_KEY not in metadata:
            raise StorageError(f"{directory / INDEX} is not the index of window arrays.")
        array = read_npy(directory / metadata[ARRAY_KEY].decode())
        if len(array) != index.num_rows:
            raise StorageError(
                f"{directory} holds {len(array)} arrays for {index.num_rows} windows; delete the "
                "directory and materialize spectrograms again."
            )
        return cls(index, array, json.loads(metadata[ATTRIBUTES_KEY]))

    @classmethod
    def reusable(cls, directory: Path | None) -> Self | None:
        """The store, or None where there is none that can be read."""
        if directory is None or not (directory / INDEX).is_file():
            return None
        try:
            return cls.open(directory)
        except StorageError:
            return None


def write_window_arrays(
    directory: Path,
    index: pa.Table,
    blocks: Iterable[np.ndarray | StoredRows],
    shape: tuple[int, ...],
    dtype: np.dtype | str,
    attributes: dict[str, Any],
) -> Path:
    """Write a store: first the array under a name of its own, then the index, which names it.

    A reader sees the old pair or the new one; the old array is removed afterwards (who has it
    open keeps it). One block is in memory at a time; equal arguments give equal bytes.

    Args:
        directory: made when missing.
        index: one row per window, window_id among the columns.
        blocks: [n, *shape] each, together as many rows as `index`.
        shape: shape of one row.
        dtype: dtype of the rows.
        attributes: JSON values; `signature` tells which contents the rows have.

    Returns:
        The array's file.

    Raises:
        StorageError: when the disk refuses, or the blocks have another number of rows.
    """
    text = json.dumps(attributes, sort_keys=True)
    name = f"array-{_content_name(index, text)}.npy"
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
        "fortran_order": False,
        "shape": (index.num_rows, *shape),
    }
    rows = 0
    with atomic_open(directory / name) as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for block in blocks:
            if isinstance(block, StoredRows) and block.dtype == dtype:
                copy_part(block.file, block.offset, block.size, stream)
            else:
                stream.write(np.ascontiguousarray(block, dtype).data)
            rows += len(block)
        if rows != index.num_rows:
            raise StorageError(f"{rows} arrays were given for {index.num_rows} windows.")
    metadata = {ARRAY_KEY: name.encode(), ATTRIBUTES_KEY: text.encode()}
    write_parquet(directory / INDEX, index.replace_schema_metadata(metadata))
    for old in directory.glob("*array-*.npy"):  # what a killed writer left included
        if old.name != name:
            old.unlink(missing_ok=True)
    return directory / name


def _content_name(index: pa.Table, attributes: str) -> str:
    """16 hex digits of what the array holds: attributes and window ids."""
    digest = hashlib.sha256(attributes.encode())
    for batch in index.select(["window_id"]).to_batches(max_chunksize=65536):
        digest.update("\n".join(batch.column(0).to_pylist()).encode() + b"\n")
    return digest.hexdigest()[:16]
