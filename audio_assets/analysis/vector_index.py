"""Similarity beyond memory: a LanceDB table on disk with vectors, metadata and an inverted index.

An IVF index over scalar-quantised vectors finds candidates, which are scored again by their full
vectors, so that scores are exact cosines and only a candidate can be missed. Building streams the
embeddings row group by row group.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.analysis.neighbours import unit_rows
from audio_assets.analysis.vector_index_filter import condition
from audio_assets.encoding.embeddings_file import vectors_of
from audio_assets.encoding.shards import positions
from audio_assets.errors import StorageError, UsageError
from audio_assets.fingerprint import file_fingerprint
from audio_assets.home import Home
from audio_assets.storage import TEMPORARY, claimed, read_json, write_json

TABLE, FACTS, LAYOUT = "windows", "index.json", 2
PLAIN = ("window_id", "recording_id", "start_s", "end_s")
EXACT_ROWS = 20_000
"""Up to this many windows the table has no inverted index: comparing with all is as quick."""
PROBES, REFINE = 10, 10
"""Partitions looked into, of about √N, and candidates scored again per result. Over a million
clustered vectors a partition costs 0.9 ms and the quantised order, not the partitions, loses most:
20 and 4 gave a recall@20 of 0.954 in 22 ms (p95), 10 and 8 gave 0.963 in 18 ms
(benchmarks/cases/similarity_million.py)."""
BATCH_ROWS = 4096


def available() -> bool:
    """Whether LanceDB is installed (the extra `lancedb`)."""
    return find_spec("lancedb") is not None


def index_directory(home: Home, folder: str, checkpoint: str) -> Path:
    """Where the index of a pair lies, beside its table of neighbours."""
    return home.asset("similarity_index", checkpoint=checkpoint, folder=folder).with_suffix(
        ".lance"
    )


class VectorIndex:
    """The index of one folder under one checkpoint; open it with `open_current`."""

    def __init__(self, directory: Path) -> None:
        """Open an index that was built.

        Raises:
            StorageError: missing or damaged.
        """
        import lancedb

        try:
            self._table: Any = lancedb.connect(str(directory)).open_table(TABLE)
        except Exception as error:
            raise StorageError(
                f"{directory} cannot be opened as an index: {error}. Run the folder again."
            ) from error
        self._vector = self._table.schema.field("vector")

    @classmethod
    def open_current(cls, directory: Path, embeddings: Path) -> Self | None:
        """The index, if it was built from this embeddings file as it is now and can be read."""
        try:
            facts = read_json(directory / FACTS)
        except StorageError:
            return None
        now = {"layout": LAYOUT, "embeddings": file_fingerprint(embeddings)}
        if not available() or {key: facts.get(key) for key in now} != now:
            return None
        return cls(directory)

    @classmethod
    def build(cls, directory: Path, embeddings: Path, metadata: pa.Table | None = None) -> Self:
        """Write the index of an embeddings table; one row group is in memory at a time.

        Args:
            directory: appears whole, or stays as it was.
            embeddings: `schemas.embeddings_schema`.
            metadata: `recording_id` (unique) and columns to filter by, of plain types.

        Raises:
            StorageError: the embeddings cannot be read, or the disk refuses.
        """
        import lancedb

        source = file_fingerprint(embeddings)
        try:
            directory.parent.mkdir(parents=True, exist_ok=True)
            name = f"{TEMPORARY}{directory.name}"
            with claimed(directory.with_name(name), directory=True) as temporary:
                # buffered ahead, all that was read would be kept until the file is closed
                with pq.ParquetFile(embeddings, pre_buffer=False) as file:
                    schema = _schema(file.schema_arrow, metadata)
                    rows = pa.RecordBatchReader.from_batches(schema, _rows(file, schema, metadata))
                    table = lancedb.connect(str(temporary)).create_table(TABLE, rows)
                    _add_indexes(table, file.metadata.num_rows)
                write_json(temporary / FACTS, {"layout": LAYOUT, "embeddings": source})
                shutil.rmtree(directory, ignore_errors=True)
                temporary.rename(directory)
        except (OSError, pa.ArrowException, RuntimeError, ValueError) as error:
            raise StorageError(f"The index {directory} could not be built: {error}.") from error
        return cls(directory)

    def __len__(self) -> int:
        return int(self._table.count_rows())

    def window_ids(self) -> list[str]:
        """Of every window in it, in no order."""
        ids = self._table.search().select(["window_id"]).limit(len(self)).to_arrow()
        return ids["window_id"].to_pylist()

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._vector.type.list_size)

    @property
    def columns(self) -> list[str]:
        """Columns that `where` may name."""
        return [name for name in self._table.schema.names if name != "vector"]

    def query(
        self,
        vector: np.ndarray,
        k: int = 20,
        *,
        where: Mapping[str, Any] | None = None,
        among: Sequence[str] | None = None,
        leave_out: Sequence[str] = (),
    ) -> pa.Table:
        """The windows nearest to a vector among those that a filter keeps, in one query.

        Args:
            vector: float [dim].
            k: at least 1.
            where: column → the value wanted, or a list of them, or a (least, most) tuple.
            among: the only window ids that may be found; None for all.
            leave_out: window ids that may not be found.

        Returns:
            window_id, recording_id, start_s, end_s, `row` (of the embeddings) and `score`
            (float32: cosine, -1 to 1), at most k rows, best first.

        Raises:
            UsageError: another dimension, a value that is not finite, k < 1, an unknown column.
        """
        unit = self._unit(vector)
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}.")
        search = self._table.search(unit, vector_column_name="vector").distance_type("dot")
        search = search.nprobes(PROBES).refine_factor(REFINE).limit(k)
        kept = condition(self.columns, where, among=among, leave_out=leave_out)
        if kept is not None:
            # a filter can leave few windows in the partitions looked into: then all are
            search = search.where(kept, prefilter=True).maximum_nprobes(0)
        found = search.select([*PLAIN, "row", "_distance"]).to_arrow()
        scores = np.clip(1.0 - found["_distance"].to_numpy(), -1.0, 1.0).astype(np.float32)
        return found.drop_columns(["_distance"]).append_column("score", pa.array(scores))

    def vectors(self, window_ids: Sequence[str]) -> np.ndarray:
        """Unit vectors of windows, float32 [n, dim], in that order.

        Raises:
            UsageError: one is not in the index.
        """
        kept = condition(self.columns, None, among=window_ids)
        found = self._table.search().where(kept).select(["window_id", "vector"])
        table = found.limit(max(1, len(window_ids))).to_arrow()
        rows = positions(pa.array(window_ids, pa.string()), table["window_id"].combine_chunks())
        if (rows < 0).any():
            missing = window_ids[int(np.argmin(rows))]
            raise UsageError(f"Window {missing!r} is not in the index of {len(self)} windows.")
        flat = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(-1, self.dim)[rows]

    def _unit(self, vector: np.ndarray) -> np.ndarray:
        vector = np.asarray(vector, np.float32).reshape(1, -1)
        if vector.shape[1] != self.dim:
            raise UsageError(f"The query has {vector.shape[1]} values; the index has {self.dim}.")
        if not np.isfinite(vector).all():
            raise UsageError("The query vector holds NaN or infinite values.")
        return unit_rows(vector)[0]


def _schema(embeddings: pa.Schema, metadata: pa.Table | None) -> pa.Schema:
    dim = embeddings.field("embedding").type.list_size
    own = [embeddings.field(name).with_nullable(True) for name in PLAIN]
    taken = {*PLAIN, "vector", "row", "_distance", "_rowid"}
    more = [f for f in metadata.schema if f.name not in taken] if metadata is not None else []
    own.append(pa.field("row", pa.int64()))
    return pa.schema([*own, *more, pa.field("vector", pa.list_(pa.float32(), dim))])


def _rows(
    file: pq.ParquetFile, schema: pa.Schema, metadata: pa.Table | None
) -> Iterator[pa.RecordBatch]:
    """The table's rows: unit vectors, and the metadata of each window's recording."""
    known = metadata["recording_id"].combine_chunks() if metadata is not None else None
    more = [n for n in schema.names if n not in (*PLAIN, "row", "vector")]
    begin = 0
    for batch in file.iter_batches(BATCH_ROWS, columns=[*PLAIN, "embedding"]):
        part = pa.Table.from_batches([batch])
        columns = [part[name] for name in PLAIN]
        columns.append(pa.array(np.arange(begin, begin + part.num_rows)))
        begin += part.num_rows
        if known is not None and metadata is not None:
            rows = positions(part["recording_id"].combine_chunks(), known)
            index = pa.array(rows, mask=rows < 0)
            columns += [metadata[name].combine_chunks().take(index) for name in more]
        flat = pa.array(unit_rows(vectors_of(part)).ravel())
        columns.append(
            pa.FixedSizeListArray.from_arrays(flat, schema.field("vector").type.list_size)
        )
        yield from pa.Table.from_arrays(columns, schema=schema).combine_chunks().to_batches()


def _add_indexes(table: Any, rows: int) -> None:
    """√N partitions of scalar-quantised vectors; a tree over the window ids."""
    from lancedb.index import BTree, IvfSq

    if rows <= EXACT_ROWS:
        return
    partitions = round(rows**0.5)
    table.create_index(
        "vector",
        config=IvfSq(
            distance_type="dot", num_partitions=partitions, max_iterations=10, sample_rate=64
        ),
    )
    with suppress(RuntimeError):  # a filter by id only becomes slower
        table.create_index("window_id", config=BTree())
