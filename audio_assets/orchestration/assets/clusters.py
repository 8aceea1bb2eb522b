"""clusters: groups of alike windows, found without labels."""

from typing import Any

import dagster as dg
import pyarrow as pa

from audio_assets.analysis.clustering.measures import label_quality
from audio_assets.analysis.clustering.ranking import paths_and_labels, ranked_rows
from audio_assets.analysis.clusters import ClusterParameters, cluster_windows, quality_of
from audio_assets.analysis.projection import parameters_of
from audio_assets.orchestration import previews
from audio_assets.orchestration.automation import ON_CHANGE_OR_MISSING
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs, window_seconds
from audio_assets.orchestration.partitions import PAIRS
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.versions import data_version, stored_version
from audio_assets.settings import Settings


@dg.asset(
    partitions_def=PAIRS,
    io_manager_key="parquet_io",
    group_name="analyse",
    kinds={"parquet", "sklearn"},
    automation_condition=ON_CHANGE_OR_MISSING,
)
def clusters(
    context: dg.AssetExecutionContext,
    embeddings: pa.Table,
    home: HomeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[pa.Table]:
    """Clusters (HDBSCAN in a UMAP, unless set otherwise; -1 is noise), exemplars, outliers."""
    costs = Costs()
    parameters = ClusterParameters.from_settings(settings)
    with claim(context, home.paths) as partition:
        with costs.stage("cluster"):
            table = cluster_windows(embeddings, parameters, settings.cluster_sample)
        source = stored_version(context.instance, "embeddings", partition.key)
        known = paths_and_labels(home.paths, str(partition.folder), table["window_id"].to_pylist())
    found = table.column("cluster").to_pylist()
    return dg.MaterializeResult(
        value=table,
        data_version=data_version(context, embeddings=source),
        metadata={
            "clusters": len(set(found) - {-1}),
            "noise_share": round(found.count(-1) / len(found), 4) if found else 0.0,
            "sizes": previews.counts(found, "cluster"),
            "exemplars": previews.rows(
                ranked_rows(table, known, "exemplar"), ["cluster", "path", "label", "window_id"]
            ),
            "outliers": previews.rows(
                ranked_rows(table, known, "outlier_score"),
                ["outlier_score", "path", "label", "window_id"],
            ),
            "quality": dg.MetadataValue.json(_quality(table, known)),
            "parameters_used": dg.MetadataValue.json(parameters_of(table)),
            **costs.metadata(table.num_rows, window_seconds(embeddings)),
        },
    )


def _quality(table: pa.Table, known: list[tuple[str, str | None]]) -> dict[str, Any]:
    """Quality without labels, which is stored, and against labels, as decoration only."""
    labels = label_quality([label for _, label in known], table["cluster"].to_numpy())
    return {**quality_of(table), "labels": labels}
