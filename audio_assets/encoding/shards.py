"""Finished rows of an unfinished run, kept in small files so that a killed run continues."""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audio_assets.storage import atomic_open

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
FLUSH_ROWS = 512
FLUSH_BYTES = 8 << 20


class ShardStore:
    """Rows of one (asset, partition, signature), by window id; one process writes at a time.

    A shard is an Arrow file of the columns window_id and row (the row's bytes), named by a hash of
    its ids, written under a temporary name, fsynced and renamed. It holds the finished windows of
    up to two seconds or 512 rows, of one recording or of many: thousands of short clips cost a few
    fsyncs, a long recording loses no more than two seconds of work. What is torn (checksum), of
    another shape or not a shard at all is removed when the store is opened.
    """

    def __init__(self, directory: Path, shape: tuple[int, ...], dtype: np.dtype | str) -> None:
        """Open the store and index what a killed run left.

        Args:
            directory: made when missing; belongs to this store alone.
            shape: shape of one row.
            dtype: dtype of the rows.
        """
        self.directory = directory
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._row_bytes = int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize
        self._files: list[Path] = []
        self._ids: list[pa.Array] = []
        self._waiting: list[tuple[pa.Array, np.ndarray]] = []
        self._waiting_rows = 0
        self._last = time.monotonic()
        directory.mkdir(parents=True, exist_ok=True)
        for path in sorted(directory.iterdir()):
            ids = self._valid_ids(path)
            if ids is None:
                _remove(path)
            else:
                self._files.append(path)
                self._ids.append(ids)

    def __len__(self) -> int:
        return sum(len(ids) for ids in self._ids)

    def locate(self, window_ids: pa.Array) -> np.ndarray:
        """Row numbers for `take`: int64 [N], -1 where a window is not stored on disk yet."""
        if not self._ids:
            return np.full(len(window_ids), -1, np.int64)
        return positions(window_ids, pa.concat_arrays(self._ids))

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Read rows.

        Args:
            rows: int64 [n], from `locate`, none negative.

        Returns:
            [n, *shape]; one shard is open at a time.
        """
        out = np.empty((len(rows), *self.shape), self.dtype)
        ends = np.cumsum([len(ids) for ids in self._ids])
        shard = np.searchsorted(ends, rows, side="right")
        for number in np.unique(shard):
            here = np.flatnonzero(shard == number)
            first = ends[number] - len(self._ids[number])
            with pa.memory_map(str(self._files[number])) as source:
                values = self._values(pa.ipc.open_file(source).read_all())
                out[here] = values[rows[here] - first]
        return out

    def add(self, window_ids: pa.Array, rows: np.ndarray) -> None:
        """Keep finished rows; they reach the disk within `FLUSH_SECONDS` of further calls.

        Args:
            window_ids: string [n].
            rows: [n, *shape] of the store's dtype.

        Raises:
            StorageError: when the disk refuses.
        """
        if not len(window_ids):
            return
        self._waiting.append((window_ids, np.ascontiguousarray(rows, self.dtype)))
        self._waiting_rows += len(window_ids)
        full = self._waiting_rows >= min(FLUSH_ROWS, max(1, FLUSH_BYTES // max(1, self._row_bytes)))
        if full or time.monotonic() - self._last > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits as one shard.

        Raises:
            StorageError: when the disk refuses.
        """
        if self._waiting:
            ids = pa.concat_arrays([ids for ids, _ in self._waiting])
            rows = np.concatenate([rows for _, rows in self._waiting])
            path = self.directory / f"shard-{_name(ids)}.arrow"
            self._write(path, ids, rows)
            self._files.append(path)
            self._ids.append(ids)
            self._waiting, self._waiting_rows = [], 0
        self._last = time.monotonic()

    def clear(self) -> None:
        """Remove the store from the disk; its rows were published."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self._files, self._ids, self._waiting = [], [], []

    def _write(self, path: Path, ids: pa.Array, rows: np.ndarray) -> None:
        data = pa.py_buffer(rows)
        column = pa.Array.from_buffers(pa.binary(self._row_bytes), len(ids), [None, data])
        metadata = {
            "shape": repr(self.shape),
            "dtype": self.dtype.str,
            "crc32": str(zlib.crc32(data)),
        }
        schema = pa.schema([("window_id", pa.string()), ("row", column.type)], metadata=metadata)
        with atomic_open(path) as stream, pa.ipc.new_file(stream, schema) as writer:
            writer.write_batch(pa.record_batch([ids, column], schema=schema))

    def _valid_ids(self, path: Path) -> pa.Array | None:
        """The ids of a whole shard of this store; None for anything else."""
        try:
            with pa.memory_map(str(path)) as source:
                table = pa.ipc.open_file(source).read_all()
                metadata = table.schema.metadata or {}
                if metadata.get(b"shape") != repr(self.shape).encode():
                    return None
                if metadata.get(b"dtype") != self.dtype.str.encode():
                    return None
                crc = zlib.crc32(np.ascontiguousarray(self._values(table)).view(np.uint8).data)
                ids = pa.array(table["window_id"].to_pylist(), pa.string())
                intact = str(crc).encode() == metadata.get(b"crc32")
                return ids if intact and path.name == f"shard-{_name(ids)}.arrow" else None
        except (OSError, ValueError, TypeError, pa.ArrowException) as error:
            logger.warning("%s is not a whole shard and is removed: %s", path, error)
            return None

    def _values(self, table: pa.Table) -> np.ndarray:
        """The rows of a shard, [n, *shape], without a copy."""
        chunks = table["row"].chunks
        if len(chunks) != 1 or chunks[0].offset:
            raise ValueError("a shard holds one record batch")
        flat = np.frombuffer(chunks[0].buffers()[1], self.dtype, table.num_rows * self._row_size)
        return flat.reshape(table.num_rows, *self.shape)

    @property
    def _row_size(self) -> int:
        return self._row_bytes // self.dtype.itemsize


def positions(wanted: pa.Array | pa.ChunkedArray, among: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Where each of `wanted` first stands in `among`: int64 [len(wanted)], -1 where it does not."""
    options = pc.SetLookupOptions(value_set=among)
    found = pc.call_function("index_in", [wanted], options).fill_null(-1)
    return (
        found.to_numpy(zero_copy_only=False).astype(np.int64) if len(wanted) else np.empty(0, int)
    )


def remove_other_signatures(work_dir: Path, keep: Path | None = None) -> None:
    """Remove the stores of other signatures, and anything else that lies in a work directory."""
    if work_dir.is_dir():
        for path in work_dir.iterdir():
            if path != keep:
                _remove(path)


def store_directory(work_dir: Path, signature: str) -> Path:
    """Where the store of one signature lies inside the work directory of an (asset, partition)."""
    return work_dir / signature[:32]


def _name(ids: pa.Array) -> str:
    digest = hashlib.sha256()
    for text in ids.to_pylist():
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()[:32]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
