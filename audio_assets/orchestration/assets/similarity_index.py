"""similarity_index: the nearest windows of every window."""

import shutil
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audio_assets.analysis.similarity import SimilarityIndex, neighbours_table
from audio_assets.analysis.vector_index import VectorIndex, available, index_directory
from audio_assets.encoding.shards import positions
from audio_assets.errors import StorageError
from audio_assets.home import Home
from audio_assets.orchestration.automation import ON_CHANGE_OR_MISSING
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs, window_seconds
from audio_assets.orchestration.partitions import PAIRS
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.versions import data_version, stored_version
from audio_assets.schemas import NEIGHBOURS
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet


@dg.asset(
    partitions_def=PAIRS,
    io_manager_key="parquet_io",
    group_name="analyse",
    kinds={"parquet", "numpy"},
    automation_condition=ON_CHANGE_OR_MISSING,
    deps=["embeddings"],
)
def similarity_index(
    context: dg.AssetExecutionContext,
    home: HomeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[pa.Table]:
    """The k nearest windows of every window by exact cosine, itself excluded.

    Above `lancedb_above` windows a LanceDB index is built instead: every window's neighbours would
    take days, and a search asks for few of them.
    """
    costs = Costs()
    with claim(context, home.paths) as partition:
        pair = {"checkpoint": str(partition.checkpoint), "folder": str(partition.folder)}
        path = home.paths.asset("embeddings", **pair)
        windows = pq.read_metadata(path).num_rows
        sound = window_seconds(read_parquet(path, ["start_s", "end_s"]))
        large = windows > settings.lancedb_above and available()
        if large:
            with costs.stage("index"):
                table, facts = NEIGHBOURS.empty_table(), _build(home.paths, **pair)
        else:
            with costs.stage("neighbours"):
                table = neighbours_table(SimilarityIndex.open(path), settings.similarity_k)
            facts = {"index": "exact, in memory", "k": settings.similarity_k}
            shutil.rmtree(index_directory(home.paths, **pair), ignore_errors=True)
        if windows > settings.lancedb_above and not large:
            context.log.warning(
                "%s windows are searched exactly, in memory: install audio-assets[lancedb] for an "
                "index on disk.", windows,
            )  # fmt: skip
        source = stored_version(context.instance, "embeddings", partition.key)
    return dg.MaterializeResult(
        value=table,
        data_version=data_version(context, embeddings=source),
        metadata={**facts, **costs.metadata(windows, sound)},
    )


def _build(home: Home, folder: str, checkpoint: str) -> dict[str, Any]:
    """Build the index on disk, with the recordings' metadata to filter by."""
    directory = index_directory(home, folder, checkpoint)
    embeddings = home.asset("embeddings", checkpoint=checkpoint, folder=folder)
    index = VectorIndex.build(directory, embeddings, _metadata(home, folder))
    return {
        "index": "LanceDB, on disk",
        "windows_indexed": len(index),
        "filters": ", ".join(index.columns),
    }


def _metadata(home: Home, folder: str) -> pa.Table | None:
    """Metadata by recording id; None where they were not computed."""
    try:
        recordings = read_parquet(home.asset("raw_audio", folder=folder))
        metadata = read_parquet(home.asset("metadata_table", folder=folder))
    except StorageError:
        return None
    ok = recordings.filter(pc.field("status") == "ok").select(["path", "recording_id"])
    rows = positions(ok["path"].combine_chunks(), metadata["path"].combine_chunks())
    plain = [f.name for f in metadata.schema if f.name != "path" and not pa.types.is_nested(f.type)]
    taken = metadata.select(plain).combine_chunks().take(pa.array(rows, mask=rows < 0))
    return taken.append_column("recording_id", ok["recording_id"].combine_chunks())
