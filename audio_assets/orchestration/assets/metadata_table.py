"""metadata_table: what is known about every recording, people's edits included."""

import dagster as dg
import pyarrow as pa

from audio_assets.encoding.came_back import require_folder
from audio_assets.loaders.metadata_table import build_metadata_table
from audio_assets.orchestration import previews
from audio_assets.orchestration.automation import ON_CHANGE_OR_MISSING
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs, recording_seconds
from audio_assets.orchestration.edits import apply_edits
from audio_assets.orchestration.freshness import INPUT_FRESHNESS
from audio_assets.orchestration.partitions import FOLDERS
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.versions import data_version, table_digest


@dg.asset(
    partitions_def=FOLDERS,
    io_manager_key="parquet_io",
    group_name="ingest",
    kinds={"parquet", "pandas"},
    freshness_policy=INPUT_FRESHNESS,
    automation_condition=ON_CHANGE_OR_MISSING,
)
def metadata_table(
    context: dg.AssetExecutionContext, raw_audio: pa.Table, home: HomeResource
) -> dg.MaterializeResult[pa.Table]:
    """Labels, places, folds and every custom column of the folder's table, one row per recording.

    Recordings without a row keep their place with empty values; rows without a recording are
    reported. People's edits are joined last.
    """
    costs = Costs()
    with claim(context, home.paths) as partition:
        folder = home.folder(str(partition.folder))
        with costs.stage("join"):
            table, report = build_metadata_table(
                folder.root, folder, raw_audio, home.paths.data / "places" / "answers.json"
            )
        require_folder(folder.root)
        table = apply_edits(home.paths, folder.key, table)
    return dg.MaterializeResult(
        value=table,
        data_version=data_version(context, table=table_digest(table)),
        metadata={
            "classes": previews.counts(table.column("label").to_pylist(), "label"),
            "report": dg.MetadataValue.json(report),
            **costs.metadata(table.num_rows, recording_seconds(raw_audio)),
        },
    )
