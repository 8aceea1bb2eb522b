"""Files written so that a reader never sees half of one: temporary name, fsync, rename."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.errors import StorageError

TEMPORARY = ".tmp-"
WAIT_S = 120.0
COPIED_AT_ONCE = 8 << 20


@contextmanager
def atomic_open(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; on a clean exit fsync it and rename it onto `path`.

    What a killed writer has left is written over by the next one. Of two writers at once the
    second waits for the first.

    Raises:
        StorageError: when the file system refuses (full, read-only, gone) or another process has
            been writing the same file for `WAIT_S`; `path` is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with claimed(path.with_name(f"{TEMPORARY}{path.name}"[:250])) as temporary:
            with temporary.open("wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}. "
            "Check free space and permissions, then run again; finished work is kept."
        ) from error


@contextmanager
def claimed(temporary: Path, *, directory: bool = False) -> Iterator[Path]:
    """A file, or directory, that is this writer's alone; what stands there at the end is removed.

    The lock is the kernel's: it ends with the process that holds it, however that ends. So what is
    found unlocked was abandoned, and a directory is emptied before it is handed out.

    Raises:
        OSError: the file system refuses, or `WAIT_S` passed.
    """
    descriptor = _lock(temporary, directory)
    try:
        if directory:
            for left in temporary.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield temporary
    finally:
        with suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), temporary.stat()):
                shutil.rmtree(temporary) if directory else temporary.unlink()
        os.close(descriptor)


def _lock(temporary: Path, directory: bool) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY if directory else os.O_RDWR | os.O_CREAT
    deadline = time.monotonic() + WAIT_S
    while True:
        if directory:
            temporary.mkdir(exist_ok=True)
        descriptor = -1
        try:
            descriptor = os.open(temporary, flags, 0o666)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), temporary.stat()):
                return descriptor
        except FileNotFoundError:  # the writer before us has just renamed or removed it
            pass
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise OSError(
                    errno.EBUSY, f"another process has been writing it for {WAIT_S:g} s"
                ) from error
            time.sleep(0.02)
        except OSError:
            if descriptor >= 0:
                os.close(descriptor)
            raise
        if descriptor >= 0:
            os.close(descriptor)


def copy_part(source: Path, offset: int, size: int, stream: BinaryIO) -> None:
    """Write part of a file to the place where a stream is, within the kernel where it can.

    Args:
        source: read only.
        offset: first byte.
        size: bytes.
        stream: of a file, open for writing.

    Raises:
        StorageError: when the source ends before.
        OSError: when the disk refuses.
    """
    with source.open("rb", buffering=0) as part:
        stream.flush()
        part.seek(offset)
        if hasattr(os, "copy_file_range"):
            with suppress(OSError):  # not between these file systems; the disk's errors come again
                while size:
                    copied = os.copy_file_range(part.fileno(), stream.fileno(), size)
                    if not copied:
                        break
                    size -= copied
        while size:
            block = part.read(min(size, COPIED_AT_ONCE))
            if not block:
                raise StorageError(f"{source} ends {size} bytes too early.")
            stream.write(block)
            size -= len(block)


def publish(temporary: Path, path: Path) -> None:
    """Move a finished local file onto `path`: fsync, then rename (same file system).

    Raises:
        StorageError: when the rename fails; `path` is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror or error}.") from error


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, keys sorted, so that equal values are equal bytes."""
    with atomic_open(path) as stream:
        stream.write(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode())


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        StorageError: when it is missing or damaged.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read as JSON: {error}.") from error


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table atomically as Parquet (zstd)."""
    with atomic_open(path) as stream:
        pq.write_table(table, stream, compression="zstd")


def read_parquet(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a table, schema metadata included; all columns by default.

    `pq.read_table` would import pyarrow.dataset and with it pandas, half a second of a short run.

    Raises:
        StorageError: when it is missing or damaged.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:  # else the raw bytes stay beside it
            return file.read(columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path} cannot be read as Parquet: {error}.") from error


def read_parquet_schema(path: Path) -> pa.Schema:
    """Columns and schema metadata of a table; no row is read.

    Raises:
        StorageError: when it is missing or damaged.
    """
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path} cannot be read as Parquet: {error}.") from error


def write_npy(path: Path, array: np.ndarray) -> None:
    """Write an array atomically as `.npy`, without pickle."""
    with atomic_open(path) as stream:
        np.save(stream, array, allow_pickle=False)


def read_npy(path: Path, *, mmap: bool = True) -> np.ndarray:
    """Read an array, memory-mapped by default.

    Raises:
        StorageError: when it is missing or damaged.
    """
    try:
        return np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StorageError(f"{path} cannot be read as an array: {error}.") from error


def conform(table: pa.Table, schema: pa.Schema, *, extra: bool = False) -> pa.Table:
    """Order and cast columns to `schema`; keep further columns at the end when `extra`.

    Raises:
        StorageError: when a column is missing or does not cast; schema metadata are kept.
    """
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise StorageError(f"columns {missing} are missing; found {table.column_names}.")
    further = [n for n in table.column_names if n not in schema.names] if extra else []
    try:
        fields = [*schema, *(table.schema.field(n) for n in further)]
        return table.select([f.name for f in fields]).cast(
            pa.schema(fields, metadata=table.schema.metadata)
        )
    except (pa.ArrowException, ValueError) as error:
        raise StorageError(f"the table does not fit its schema: {error}.") from error
