"""The embeddings table on disk: written and read row group by row group."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audio_assets.encoding.shards import positions
from audio_assets.encoding.stored_rows import StoredRows
from audio_assets.errors import StorageError
from audio_assets.schemas import embeddings_schema
from audio_assets.storage import atomic_open

logger = logging.getLogger(__name__)

GROUP_BYTES = 32 << 20
CACHE_BYTES = 256 << 20


def vectors_of(table: pa.Table) -> np.ndarray:
    """The `embedding` column as float32 [N, dim]."""
    column = table.column("embedding")
    flat = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    values = np.concatenate(flat) if flat else np.empty(0, np.float32)
    return values.reshape(-1, column.type.list_size)


def vectors_at(table: pa.Table, rows: np.ndarray) -> np.ndarray:
    """The vectors of some ascending rows, float32 [n, D]; `take` would copy all vectors first."""
    dim = table.schema.field("embedding").type.list_size
    out, step = np.empty((len(rows), dim), np.float32), rows_per_group(dim)
    for begin in range(0, table.num_rows, step):
        first, last = np.searchsorted(rows, [begin, begin + step])
        if first < last:
            out[first:last] = vectors_of(table.slice(begin, step))[rows[first:last] - begin]
    return out


def rows_per_group(dim: int) -> int:
    """Rows of a row group: about 32 MiB of vectors, at least 256."""
    return max(256, GROUP_BYTES // max(1, 4 * dim))


def write_embeddings(
    path: Path, windows: pa.Table, signature: str, dim: int,
    blocks: Iterator[np.ndarray | StoredRows], metadata: dict[str, str],
) -> None:  # fmt: skip
    """Write the table atomically; one row group is in memory at a time.

    Equal arguments give equal bytes: neither times nor names of machines are stored.

    Args:
        path: where to; untouched until everything is written.
        windows: WINDOWS rows, in the order of the vectors.
        signature: the encoding signature of every row.
        dim: length of a vector.
        blocks: float32 [n, dim] each, `rows_per_group(dim)` rows but in the last.
        metadata: goes into the schema's metadata.

    Raises:
        StorageError: when the disk refuses.
    """
    schema = embeddings_schema(dim).with_metadata(metadata)
    step = rows_per_group(dim)
    plain = ["window_id", "recording_id", "start_s", "end_s"]
    with (
        atomic_open(path) as stream,
        pq.ParquetWriter(
            stream,
            schema,
            compression="zstd",
            use_dictionary=["recording_id", "encoding_signature"],  # pyright: ignore[reportArgumentType]
        ) as writer,
    ):
        for begin in range(0, windows.num_rows, step):
            rows = windows.slice(begin, step).select(plain)
            vectors = np.ascontiguousarray(next(blocks), np.float32)
            column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
            signatures = pa.array([signature] * rows.num_rows, pa.string())
            columns = [c.combine_chunks() for c in rows.columns]
            writer.write_table(pa.Table.from_arrays([*columns, signatures, column], schema=schema))


class EmbeddingsFile:
    """Vectors of an existing table, for reuse."""

    def __init__(self, path: Path) -> None:
        """Open a table.

        Raises:
            StorageError: missing or damaged.
        """
        try:
            # buffered ahead, all that was read would be kept until the file is closed
            self._file = pq.ParquetFile(path, pre_buffer=False)
            embedding = self._file.schema_arrow.field("embedding").type
            ids = self._file.read(["window_id", "encoding_signature"])
        except (OSError, KeyError, pa.ArrowException) as error:
            raise StorageError(f"{path} cannot be read as embeddings: {error}.") from error
        self.dim: int = embedding.list_size
        self._ids = ids
        sizes = [
            self._file.metadata.row_group(i).num_rows for i in range(self._file.num_row_groups)
        ]
        self._ends = np.cumsum(sizes, dtype=np.int64)
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()

    @classmethod
    def reusable(cls, path: Path | None, dim: int) -> Self | None:
        """The table when it is there, readable and of that dimension; else None."""
        if path is None or not path.is_file():
            return None
        try:
            table = cls(path)
        except StorageError as error:
            logger.warning("%s; everything is encoded again.", error)
            return None
        if table.dim == dim:
            return table
        table.close()
        return None

    def locate(self, window_ids: pa.ChunkedArray | pa.Array, signature: str) -> np.ndarray:
        """Row of each window under that signature: int64 [N], -1 where it is not there."""
        same = pc.call_function("equal", [self._ids["encoding_signature"], pa.scalar(signature)])
        rows = np.flatnonzero(same.to_numpy(zero_copy_only=False))
        found = positions(window_ids, self._ids["window_id"].filter(same))
        return np.where(found < 0, -1, rows[found] if len(rows) else -1)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Read vectors, float32 [n, dim]; row groups are decoded once where `rows` ascend."""
        out = np.empty((len(rows), self.dim), np.float32)
        group = np.searchsorted(self._ends, rows, side="right")
        for number in np.unique(group).tolist():
            here = np.flatnonzero(group == number)
            vectors = self._group(number)
            out[here] = vectors[rows[here] - (self._ends[number] - len(vectors))]
        return out

    def blocks(self) -> Iterator[np.ndarray]:
        """All vectors, float32 [n, dim] per row group."""
        for number in range(self._file.num_row_groups):
            yield self._group(number)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _group(self, number: int) -> np.ndarray:
        if number not in self._cache:
            vectors = vectors_of(self._file.read_row_group(number, columns=["embedding"]))
            self._cache[number] = vectors
            while len(self._cache) > max(1, CACHE_BYTES // max(1, vectors.nbytes)):
                self._cache.popitem(last=False)
        self._cache.move_to_end(number)
        return self._cache[number]
