"""Whether the outputs in Dagster's records are really there, whole and of the right signature."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.analysis.vector_index import VectorIndex, index_directory
from audio_assets.errors import AudioAssetsError, StorageError
from audio_assets.explore.stored_samples import stored_samples as stored_samples
from audio_assets.home import Home
from audio_assets.models.registry import resolve_checkpoint
from audio_assets.orchestration.partitions import Partition
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.orchestration.signatures import expected_signature, stored_signature
from audio_assets.storage import read_json, read_parquet


def fault_of(home: Home, asset: str, partition: Partition, compute: ComputeResource) -> str | None:
    """Why an output that Dagster calls fresh must be computed again; None when it is right.

    Dagster does not see a deleted file, nor another device.

    Args:
        home: holds the outputs.
        asset: its name.
        partition: of the asset.
        compute: device and precision that a run would use.
    """
    path = output_path(home, asset, partition)
    if not path.exists():
        return "its output was deleted"
    if asset == "spectrograms":
        return _spectrograms_fault(path)
    if asset == "fiftyone_dataset":
        return _dataset_fault(home, path, str(partition.folder))
    if path.suffix == ".json":
        return None
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return "its output is damaged"
    if asset == "embeddings" and _other_signature(home, partition, path, compute):
        return "its encoding signature is another one"
    if asset == "similarity_index" and _without_index(home, path, partition):
        return "its index was deleted, or is of other embeddings"
    return None


def neighbour_index(home: Home, partition: Partition) -> VectorIndex | None:
    """The index on disk of a pair of many windows, if it is there and of these embeddings."""
    pair = {"folder": str(partition.folder), "checkpoint": str(partition.checkpoint)}
    directory = index_directory(home, **pair)
    return VectorIndex.open_current(directory, home.asset("embeddings", **pair))


def output_path(home: Home, asset: str, partition: Partition) -> Path:
    """Where the output of one partition lies."""
    return home.asset(asset, checkpoint=partition.checkpoint, folder=partition.folder)


def _spectrograms_fault(path: Path) -> str | None:
    from audio_assets.encoding.window_arrays import WindowArrays

    arrays = WindowArrays.reusable(path)
    if arrays is None:
        return "its arrays are missing or damaged"
    pictures = path / "png"
    found = sum(1 for _ in pictures.glob("*.png"))
    return None if found >= len(arrays) else "pictures are missing"


def _dataset_fault(home: Home, path: Path, folder: str) -> str | None:
    """Whether the data set lost samples; a database that is not running is taken on trust."""
    samples = stored_samples(home, folder)
    if samples is None:
        running_once = (home.fiftyone / "db").is_dir() or os.environ.get("FIFTYONE_DATABASE_URI")
        return None if running_once else "its database was deleted"
    stored = read_json(path)
    if stored.get("home", str(home.root)) != str(home.root):
        return "the home was moved, and its pictures with it"
    expected = stored["samples"]
    return None if samples == expected else f"{samples} of {expected} samples are there"


def _without_index(home: Home, neighbours: Path, partition: Partition) -> bool:
    """Whether many windows have neither neighbours nor an index that gives them."""
    embeddings = output_path(home, "embeddings", partition)
    if pq.read_metadata(neighbours).num_rows or not embeddings.is_file():
        return False
    return bool(pq.read_metadata(embeddings).num_rows) and not neighbour_index(home, partition)


def _other_signature(
    home: Home, partition: Partition, path: Path, compute: ComputeResource
) -> bool:
    try:
        expected = expected_signature(
            resolve_checkpoint(str(partition.checkpoint), home).card,
            read_json(home.asset("model_checkpoint", checkpoint=partition.checkpoint)),
            read_parquet(home.asset("raw_audio", folder=partition.folder)),
            compute,
        )
    except StorageError:
        return True
    except AudioAssetsError:
        return False  # the asset itself says what is wrong
    if pq.read_metadata(path).num_rows == 0:
        return False
    return stored_signature(path) != expected
