"""umap_coords and tsne_coords: two flat maps of the embedding space, on request in 3-D too."""

from collections.abc import Callable
from contextlib import suppress

import dagster as dg
import numpy as np
import pyarrow as pa
from dagster._core.storage.tags import PRIORITY_TAG

from audio_assets.analysis.map_3d import Kind, make_map_3d
from audio_assets.analysis.projection import (
    TsneParameters,
    UmapParameters,
    parameters_of,
    tsne_coordinates,
    umap_coordinates,
)
from audio_assets.analysis.tsne_apart import tsne_made
from audio_assets.errors import DatabaseError
from audio_assets.home import Home
from audio_assets.orchestration import previews
from audio_assets.orchestration.automation import ON_CHANGE_OR_MISSING
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs, window_seconds
from audio_assets.orchestration.partitions import PAIRS, Partition
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.versions import data_version, stored_version
from audio_assets.radio.window_labels import labels_of_windows
from audio_assets.schemas import COORDINATES
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet


@dg.asset(
    partitions_def=PAIRS,
    io_manager_key="parquet_io",
    group_name="analyse",
    kinds={"parquet", "umap"},
    automation_condition=ON_CHANGE_OR_MISSING,
)
def umap_coords(
    context: dg.AssetExecutionContext,
    embeddings: pa.Table,
    home: HomeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[pa.Table]:
    """Two UMAP coordinates of every window, seeded; empty when COMPUTE_UMAP is off."""
    parameters = UmapParameters.from_settings(settings)
    return _project(
        context, home, settings, "umap", embeddings,
        lambda _: umap_coordinates(embeddings, parameters),
    )  # fmt: skip


@dg.asset(
    partitions_def=PAIRS,
    io_manager_key="parquet_io",
    group_name="analyse",
    kinds={"parquet", "sklearn"},
    op_tags={PRIORITY_TAG: "-1"},  # in one process after the others: see `tsne_apart`
    automation_condition=ON_CHANGE_OR_MISSING,
)
def tsne_coords(
    context: dg.AssetExecutionContext,
    embeddings: pa.Table,
    home: HomeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[pa.Table]:
    """Two t-SNE coordinates of every window, seeded; empty when COMPUTE_TSNE is off."""
    parameters = TsneParameters.from_settings(settings)

    def compute(version: str) -> pa.Table:
        made = tsne_made(version, parameters, meanwhile=lambda: _start_fiftyone(home.paths))
        return tsne_coordinates(embeddings, parameters) if made is None else made

    return _project(context, home, settings, "tsne", embeddings, compute)


def _start_fiftyone(home: Home) -> None:
    """FiftyOne and its database, which come next, take seconds to start on one processor."""
    from audio_assets.explore.environment import load_fiftyone

    with suppress(DatabaseError):  # `fiftyone_dataset` meets it too, tries again and tells it
        load_fiftyone(home)


def _project(
    context: dg.AssetExecutionContext,
    home: HomeResource,
    settings: Settings,
    kind: Kind,
    embeddings: pa.Table,
    compute: Callable[[str], pa.Table],
) -> dg.MaterializeResult[pa.Table]:
    costs = Costs()
    wanted = settings.compute_umap if kind == "umap" else settings.compute_tsne
    with claim(context, home.paths) as partition:
        source = stored_version(context.instance, "embeddings", partition.key)
        with costs.stage("fit"):
            table = compute(source) if wanted else COORDINATES.empty_table()
        if wanted and settings.map_dimensions == 3:
            make_map_3d(
                home.paths, str(partition.folder), str(partition.checkpoint), kind, embeddings,
                settings,
            )  # fmt: skip
        with costs.stage("picture"):
            picture = _picture(home.paths, partition, table)
    return dg.MaterializeResult(
        value=table,
        data_version=data_version(context, embeddings=source),
        metadata={
            "parameters_used": dg.MetadataValue.json(
                parameters_of(table) if wanted else {"computed": False}
            ),
            **parameters_of(table).get("used", {}).get("quality", {}),
            "map": picture,
            **costs.metadata(table.num_rows, window_seconds(embeddings) if wanted else 0.0),
        },
    )


def _picture(home: Home, partition: Partition, table: pa.Table) -> dg.MetadataValue:
    """The map coloured by class; labels are read where they are there, as decoration only."""
    from audio_assets.analysis.plots import scatter_png

    if table.num_rows == 0:
        return dg.MetadataValue.md("No coordinates.")
    points = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)
    return previews.image(
        scatter_png(points, list(_labels(home, partition, table))), "map by class"
    )


def _labels(home: Home, partition: Partition, table: pa.Table) -> list[str | None]:
    """Label of each window: its own, else that of the recording that it belongs to."""
    recordings = home.asset("raw_audio", folder=partition.folder)
    metadata = home.asset("metadata_table", folder=partition.folder)
    if not (recordings.is_file() and metadata.is_file()):
        return [None] * table.num_rows
    rows = read_parquet(recordings).select(["recording_id", "path", "status"]).to_pylist()
    path = {r["recording_id"][:16]: r["path"] for r in rows if r["status"] == "ok"}
    known = read_parquet(metadata)
    label = dict(zip(known["path"].to_pylist(), known["label"].to_pylist(), strict=True))
    ids = table.column("window_id").to_pylist()
    labels = [label.get(path.get(i.partition("@")[0], "")) for i in ids]
    return labels_of_windows(home, str(partition.folder), ids, labels)
