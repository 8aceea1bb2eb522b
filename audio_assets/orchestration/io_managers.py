"""IO managers for Parquet tables, npy arrays and JSON reports; local or any fsspec URL.

Local files are written beside their place, fsynced and renamed; object stores finish a PUT whole
or not at all. Nothing is ever pickled.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field
from upath import UPath

from audio_assets import schemas
from audio_assets.errors import NotMaterializedError, StorageError
from audio_assets.storage import atomic_open, conform, read_npy, read_parquet

SCHEMAS: Mapping[str, pa.Schema] = {
    "raw_audio": schemas.RECORDINGS,
    "metadata_table": schemas.METADATA,
    "similarity_index": schemas.NEIGHBOURS,
    "umap_coords": schemas.COORDINATES,
    "tsne_coords": schemas.COORDINATES,
    "clusters": schemas.CLUSTERS,
}
WITH_CUSTOM_COLUMNS = frozenset({"metadata_table"})
_NAME_BYTES = 255


class AtomicIOManager(dg.UPathIOManager):
    """What the three IO managers share: safe paths, whole files, a readable error when absent."""

    def get_path_for_partition(self, context: Any, path: UPath, partition: str) -> UPath:
        """Path of one partition; a pair's two keys are two levels, and no key adds another."""
        definition = context.asset_partitions_def
        pair = isinstance(definition, dg.MultiPartitionsDefinition)
        if len(partition.split("/")) != (2 if pair else 1):
            raise StorageError(f"Partition key {partition!r} holds a '/', which no key may.")
        return super().get_path_for_partition(context, path, partition)

    def make_safe_partition_path(self, base_path: UPath, partition: str) -> UPath:
        """Join a partition onto its asset's directory, refusing what could leave it."""
        for segment in partition.split("/"):
            name = f"{segment}{self.extension or ''}"
            if segment in ("", ".", "..") or any(c in segment for c in "\\\0\n\r"):
                raise StorageError(f"Partition key {segment!r} is not usable as a file name.")
            if len(name.encode("utf-8", "surrogateescape")) > _NAME_BYTES:
                raise StorageError(
                    f"Partition key {segment[:40]!r}… is too long for a file name: "
                    f"at most {_NAME_BYTES} bytes with {self.extension!r}."
                )
        return base_path.joinpath(*partition.split("/"))

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Any:
        if not path.exists():
            raise NotMaterializedError(
                f"{path} is missing. Materialize {context.asset_key.to_user_string()} of that "
                "partition first."
            )
        return self.read(path)

    def read(self, path: UPath) -> Any:
        """Read an existing output."""
        raise NotImplementedError


@contextmanager
def write_whole(path: UPath) -> Iterator[BinaryIO]:
    """A stream whose content appears at `path` on a clean exit, all of it or none."""
    if isinstance(path, Path):
        with atomic_open(path) as stream:
            yield stream
        return
    buffer = io.BytesIO()
    yield buffer
    path.write_bytes(buffer.getvalue())


class ParquetIOManager(AtomicIOManager):
    """Tables as Parquet (zstd), their columns held to the asset's schema."""

    extension = ".parquet"

    def dump_to_path(self, context: dg.OutputContext, obj: pa.Table, path: UPath) -> None:
        name = context.asset_key.path[-1]
        if not isinstance(obj, pa.Table):
            raise StorageError(f"{name} made a {type(obj).__name__}, not a pyarrow table.")
        schema = SCHEMAS.get(name, obj.schema)
        table = conform(obj, schema, extra=name in WITH_CUSTOM_COLUMNS)
        with write_whole(path) as stream:
            pq.write_table(table, stream, compression="zstd")

    def read(self, path: UPath) -> pa.Table:
        if isinstance(path, Path):
            return read_parquet(path)
        with path.open("rb") as stream:
            return pq.read_table(stream)

    def get_metadata(self, context: dg.OutputContext, obj: pa.Table) -> dict[str, Any]:
        return table_metadata(obj)


class NpyIOManager(AtomicIOManager):
    """Arrays as `.npy`, memory-mapped on read.

    With `directories`, a partition is a directory of windows' arrays with their index, written
    by `encoding.spectrograms` itself; it is opened as `WindowArrays`.
    """

    def __init__(self, base_path: UPath, *, directories: bool = False) -> None:
        self.extension = None if directories else ".npy"
        super().__init__(base_path)

    def dump_to_path(self, context: dg.OutputContext, obj: np.ndarray, path: UPath) -> None:
        with write_whole(path) as stream:
            np.save(stream, obj, allow_pickle=False)

    def read(self, path: UPath) -> Any:
        if isinstance(path, Path) and path.is_dir():
            from audio_assets.encoding.window_arrays import WindowArrays

            return WindowArrays.open(path)
        if isinstance(path, Path):
            return read_npy(path)
        return np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)

    def get_metadata(self, context: dg.OutputContext, obj: np.ndarray) -> dict[str, Any]:
        return {"shape": str(obj.shape), "dtype": str(obj.dtype), "bytes": int(obj.nbytes)}


class JsonIOManager(AtomicIOManager):
    """Small reports as JSON, keys sorted."""

    extension = ".json"

    def dump_to_path(self, context: dg.OutputContext, obj: Any, path: UPath) -> None:
        with write_whole(path) as stream:
            stream.write(json.dumps(obj, indent=2, sort_keys=True, ensure_ascii=False).encode())

    def read(self, path: UPath) -> Any:
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise StorageError(f"{path} cannot be read as JSON: {error}.") from error


def table_metadata(table: pa.Table) -> dict[str, Any]:
    """`dagster/row_count` and `dagster/column_schema` of a table."""
    columns = [
        dg.TableColumn(
            f.name, str(f.type), constraints=dg.TableColumnConstraints(nullable=f.nullable)
        )
        for f in table.schema
    ]
    return {
        "dagster/row_count": table.num_rows,
        "dagster/column_schema": dg.TableSchema(columns=columns),
    }


class Store(dg.ConfigurableIOManagerFactory):
    """Base of the configurable factories: where assets lie and how to reach it."""

    base_path: str
    storage_options: dict[str, str] = Field(default_factory=dict)

    @property
    def base(self) -> UPath:
        return UPath(self.base_path, **self.storage_options)  # type: ignore[arg-type]


class ParquetStore(Store):
    """Configuration of `ParquetIOManager`."""

    def create_io_manager(self, context: Any) -> ParquetIOManager:
        return ParquetIOManager(self.base)


class NpyStore(Store):
    """Configuration of `NpyIOManager`."""

    directories: bool = False

    def create_io_manager(self, context: Any) -> NpyIOManager:
        return NpyIOManager(self.base, directories=self.directories)


class JsonStore(Store):
    """Configuration of `JsonIOManager`."""

    def create_io_manager(self, context: Any) -> JsonIOManager:
        return JsonIOManager(self.base)
