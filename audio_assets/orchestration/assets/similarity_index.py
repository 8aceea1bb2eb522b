"""similarity_index: the nearest windows of every window."""

import time

import dagster as dg
import pyarrow as pa

from audio_assets.analysis.similarity import SimilarityIndex, neighbours_table
from audio_assets.orchestration import previews
from audio_assets.orchestration.automation import ON_CHANGE_OR_MISSING
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.partitions import PAIRS
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.versions import data_version, stored_version
from audio_assets.settings import Settings


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
    """The k nearest windows of every window by exact cosine, itself excluded."""
    started = time.perf_counter()
    with claim(context, home.paths) as partition:
        path = home.paths.asset(
            "embeddings", checkpoint=partition.checkpoint, folder=partition.folder
        )
        table = neighbours_table(SimilarityIndex.open(path), settings.similarity_k)
        source = stored_version(context.instance, "embeddings", partition.key)
    return dg.MaterializeResult(
        value=table,
        data_version=data_version(context, embeddings=source),
        metadata={
            "k": settings.similarity_k,
            **previews.rate(table.num_rows, time.perf_counter() - started),
        },
    )
