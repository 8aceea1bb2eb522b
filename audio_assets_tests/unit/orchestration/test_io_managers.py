"""IO managers: whole files, safe paths, schemas, local and fsspec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pytest
from upath import UPath

from audio_assets.errors import NotMaterializedError, StorageError
from audio_assets.home import Home
from audio_assets.orchestration.io_managers import (
    JsonIOManager,
    NpyIOManager,
    ParquetIOManager,
    table_metadata,
)
from audio_assets.orchestration.partitions import FOLDERS, PAIRS, pair_key
from audio_assets.schemas import COORDINATES

TABLE = pa.table({"window_id": ["a", "b"], "x": [1.0, 2.0], "y": [3.0, 4.0]})
BASES = ["local", "memory"]


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    return UPath(tmp_path) if request.param == "local" else UPath(f"memory://{tmp_path.name}")


def round_trip(manager: Any, asset: str, value: Any, key: str = "reef") -> Any:
    """Write in one asset and read in another, through a real run."""
    definition = PAIRS if "|" in key else FOLDERS

    @dg.asset(name=asset, partitions_def=definition, io_manager_def=as_definition(manager))
    def upstream() -> Any:
        return value

    seen = []

    @dg.asset(
        partitions_def=definition,
        ins={"given": dg.AssetIn(key=asset)},
        io_manager_def=as_definition(manager),
    )
    def downstream(given: Any) -> None:
        seen.append(given)

    with dg.DagsterInstance.ephemeral() as instance:
        checkpoint, bar, folder = key.partition("|")
        instance.add_dynamic_partitions("audio_folders", [folder if bar else checkpoint])
        instance.add_dynamic_partitions("checkpoints", [checkpoint])
        chosen = pair_key(checkpoint, folder) if bar else key
        dg.materialize([upstream, downstream], partition_key=chosen, instance=instance)
    return seen[0]


def as_definition(manager: Any) -> dg.IOManagerDefinition:
    return dg.IOManagerDefinition.hardcoded_io_manager(manager)


def test_a_table_comes_back_in_its_schema(base: UPath) -> None:
    table = round_trip(ParquetIOManager(base), "umap_coords", TABLE, "c1|reef")
    assert table.schema.equals(COORDINATES)
    assert table["x"].to_pylist() == [1.0, 2.0]
    assert (base / "umap_coords" / "c1" / "reef.parquet").exists()


def test_schema_metadata_survive(base: UPath) -> None:
    table = TABLE.replace_schema_metadata({b"parameters": b"{}"})
    found = round_trip(ParquetIOManager(base), "umap_coords", table, "c1|reef")
    assert found.schema.metadata[b"parameters"] == b"{}"


def test_a_table_that_does_not_fit_is_refused_and_nothing_is_written(base: UPath) -> None:
    with pytest.raises(StorageError, match="missing"):
        round_trip(ParquetIOManager(base), "umap_coords", TABLE.drop_columns("y"), "c1|reef")
    assert not (base / "umap_coords" / "c1" / "reef.parquet").exists()


def test_something_else_than_a_table_is_refused(base: UPath) -> None:
    with pytest.raises(StorageError, match="not a pyarrow table"):
        round_trip(ParquetIOManager(base), "umap_coords", {"x": 1}, "c1|reef")


def test_arrays_come_back_and_are_mapped_locally(base: UPath) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = round_trip(NpyIOManager(base), "matrix", array)
    assert np.array_equal(found, array)
    assert isinstance(found, np.memmap) == isinstance(base, Path)


def test_an_array_of_objects_is_refused(base: UPath) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        round_trip(NpyIOManager(base), "matrix", np.array([{}], dtype=object))


def test_json_comes_back(base: UPath) -> None:
    assert round_trip(JsonIOManager(base), "model_checkpoint", {"ö": [1]}) == {"ö": [1]}


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    manager = ParquetIOManager(UPath(tmp_path))
    round_trip(manager, "umap_coords", TABLE, "c1|reef")
    with pytest.raises(StorageError):
        round_trip(manager, "umap_coords", TABLE.drop_columns("x"), "c1|reef")
    directory = tmp_path / "umap_coords" / "c1"
    assert [p.name for p in directory.iterdir()] == ["reef.parquet"], "no temporary file is left"
    assert manager.read(UPath(directory / "reef.parquet")).num_rows == 2


@pytest.mark.parametrize("key", ["..", ".", "", "a/b", "../x", "a\\b", "a\0b", "a\nb", "é" * 130])
def test_a_partition_key_that_could_leave_its_directory_is_refused(
    tmp_path: Path, key: str
) -> None:
    manager = ParquetIOManager(UPath(tmp_path))

    class Context:
        asset_partitions_def = FOLDERS

    with pytest.raises(StorageError):
        manager.get_path_for_partition(Context(), UPath(tmp_path / "raw_audio"), key)


def test_the_paths_are_those_of_the_home(tmp_path: Path) -> None:
    manager, home = ParquetIOManager(UPath(tmp_path)), Home(tmp_path)

    class Context:
        asset_partitions_def = PAIRS

    made = manager.get_path_for_partition(Context(), UPath(tmp_path / "embeddings"), "c1/site.v1")
    stored = home.asset("embeddings", checkpoint="c1", folder="site.v1")
    assert manager._with_extension(made) == tmp_path / stored.relative_to(home.assets)


def test_a_missing_output_is_named(tmp_path: Path) -> None:
    manager = ParquetIOManager(UPath(tmp_path))

    class Context:
        asset_key = dg.AssetKey("embeddings")

    with pytest.raises(NotMaterializedError, match="embeddings"):
        manager.load_from_path(Context(), UPath(tmp_path / "reef.parquet"))  # type: ignore[arg-type]


def test_table_metadata_has_rows_and_columns() -> None:
    found = table_metadata(TABLE)
    assert found["dagster/row_count"] == 2
    assert [c.name for c in found["dagster/column_schema"].columns] == ["window_id", "x", "y"]
