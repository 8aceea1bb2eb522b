"""fiftyone_dataset: the folder as a FiftyOne data set, with this checkpoint's vectors and maps."""

from dataclasses import asdict
from typing import Any

import dagster as dg
import pyarrow as pa

from audio_assets.errors import DatabaseError
from audio_assets.orchestration.automation import ON_CHANGE_OR_MISSING
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs, window_seconds
from audio_assets.orchestration.partitions import PAIRS, Partition
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.signatures import stored_signature
from audio_assets.orchestration.versions import data_version, stored_version
from audio_assets.recordings.windows import grid_of, make_windows
from audio_assets.settings import Settings

RETRIES, RETRY_SECONDS = 2, 2
INPUTS_BY_FOLDER = ("raw_audio", "metadata_table", "spectrograms")
INPUTS_BY_PAIR = ("embeddings", "similarity_index", "umap_coords", "tsne_coords", "clusters")


@dg.asset(
    partitions_def=PAIRS,
    io_manager_key="json_io",
    group_name="explore",
    kinds={"mongodb"},
    pool="fiftyone",
    automation_condition=ON_CHANGE_OR_MISSING,
    deps=["spectrograms", "embeddings", "similarity_index"],
)
def fiftyone_dataset(
    context: dg.AssetExecutionContext,
    raw_audio: pa.Table,
    metadata_table: pa.Table,
    umap_coords: pa.Table,
    tsne_coords: pa.Table,
    clusters: pa.Table,
    home: HomeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[dict]:
    """One sample per window; fields that people made, tags and saved views are never touched.

    A database that is away is worth another attempt; no other error is.
    """
    costs = Costs()
    with claim(context, home.paths) as partition:
        try:
            with costs.stage("sync"):
                report = _sync(
                    home, partition, settings, recordings=raw_audio, metadata=metadata_table,
                    umap=umap_coords, tsne=tsne_coords, clusters=clusters,
                )  # fmt: skip
        except DatabaseError as error:
            if context.retry_number >= RETRIES:
                raise
            raise dg.RetryRequested(RETRIES, seconds_to_wait=RETRY_SECONDS) from error
        versions = _input_versions(context.instance, partition)
    return dg.MaterializeResult(
        value=report,
        data_version=data_version(context, inputs=versions),
        metadata={
            **report,
            "dagster/row_count": report["samples"],
            **costs.metadata(report["samples"], _seconds(raw_audio)),
        },
    )


def _sync(
    home: HomeResource, partition: Partition, settings: Settings, **tables: pa.Table
) -> dict[str, Any]:
    """Bring the data set up to date; what was done, as plain values."""
    from audio_assets.explore.sync import sync_dataset

    folder = home.folder(str(partition.folder))
    checkpoint = str(partition.checkpoint)
    embeddings = home.paths.asset("embeddings", checkpoint=checkpoint, folder=folder.key)
    recordings = tables["recordings"]
    report = sync_dataset(
        home.paths,
        folder,
        checkpoint,
        windows=make_windows(recordings, grid_of(recordings)),
        metadata=tables["metadata"],
        recordings=recordings,
        png_dir=home.paths.asset("spectrograms", folder=folder.key) / "png",
        embeddings=embeddings,
        umap=_unless_empty(tables["umap"]),
        tsne=_unless_empty(tables["tsne"]),
        clusters=_unless_empty(tables["clusters"]),
        signature=stored_signature(embeddings) or "",
        settings=settings,
    )
    return {**asdict(report), "home": str(home.paths.root)}


def _seconds(recordings: pa.Table) -> float:
    return window_seconds(make_windows(recordings, grid_of(recordings)))


def _unless_empty(table: pa.Table) -> pa.Table | None:
    return table if table.num_rows else None


def _input_versions(instance: dg.DagsterInstance, partition: Partition) -> dict[str, str]:
    by_folder = {n: stored_version(instance, n, str(partition.folder)) for n in INPUTS_BY_FOLDER}
    return by_folder | {n: stored_version(instance, n, partition.key) for n in INPUTS_BY_PAIR}
