"""embeddings: one vector per window, under one checkpoint."""

from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.encoding.came_back import some_passed
from audio_assets.encoding.encode import encode_folder
from audio_assets.errors import CheckpointError
from audio_assets.models.registry import Checkpoint, resolve_checkpoint, weights_sha256
from audio_assets.orchestration import previews
from audio_assets.orchestration.automation import ON_CHANGE
from audio_assets.orchestration.borrowing import vectors_to_reuse
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs
from audio_assets.orchestration.io_managers import table_metadata
from audio_assets.orchestration.partitions import PAIRS
from audio_assets.orchestration.resources import ComputeResource, HomeResource
from audio_assets.orchestration.signatures import check_compute, expected_signature
from audio_assets.orchestration.versions import data_version, digest
from audio_assets.radio.encoder import encoder_for
from audio_assets.storage import read_parquet


@dg.asset(
    partitions_def=PAIRS,
    io_manager_key="parquet_io",
    group_name="encode",
    kinds={"pytorch", "parquet"},
    pool="gpu",
    automation_condition=ON_CHANGE,
    deps=["spectrograms"],
)
def embeddings(
    context: dg.AssetExecutionContext,
    raw_audio: pa.Table,
    model_checkpoint: dict,
    home: HomeResource,
    compute: ComputeResource,
) -> dg.MaterializeResult:
    """Vectors of every window, float32, sorted by recording and start.

    Rows that are already there under the same encoding signature are kept, work of a run that was
    killed is continued, and only the rest is encoded. The table is written by the encoding
    library itself, whole and atomically, since it can be larger than memory.
    """
    costs = Costs()
    with claim(context, home.paths) as partition:
        folder = home.folder(str(partition.folder))
        names = {"checkpoint": str(partition.checkpoint), "folder": folder.key}
        out = home.paths.asset("embeddings", **names)
        checkpoint = resolve_checkpoint(names["checkpoint"], home.paths)
        encoder = compute.encoder_of_folders(checkpoint)
        check_compute(encoder, compute)
        _same_weights(checkpoint, model_checkpoint)
        inputs = encoder_for(encoder, raw_audio)
        device, precision = compute.effective(checkpoint.card)
        signature = expected_signature(checkpoint.card, model_checkpoint, raw_audio, compute)
        with vectors_to_reuse(
            home.paths, checkpoint, folder.key, raw_audio, compute, signature
        ) as previous:
            report = encode_folder(
                folder.root,
                raw_audio,
                inputs,
                signature=signature,
                previous=previous,
                out=out,
                work_dir=home.paths.work / "embeddings" / names["checkpoint"] / folder.key,
                spectrograms=_existing(home.paths.asset("spectrograms", folder=folder.key)),
                batch_size=compute.batch_size,
                workers=compute.num_workers,
                engine=compute.engine_for(
                    folder.root, checkpoint, model_checkpoint["weights_sha256"]
                ),
            )
        if some_passed(report.failed):
            home.registry.mark_interrupted(folder.key)
        schema = pq.read_schema(out)
        ids = read_parquet(out, ["window_id"]).column(0).to_pylist()
    return dg.MaterializeResult(
        data_version=data_version(context, signature=signature, windows=digest(ids)),
        metadata={
            **table_metadata(schema.empty_table()),
            "dagster/row_count": report.windows,
            "encoded": report.encoded,
            "reused": report.reused,
            "resumed": report.resumed,
            "from_stored_spectrograms": report.from_arrays,
            "dim": report.dim,
            "encoding_signature": signature,
            "device": device,
            "precision": precision,
            "failed": previews.rows(report.failed, ["path", "reason"]),
            "failed_recordings": dg.MetadataValue.json(list(report.failed)),
            "stage_seconds": dg.MetadataValue.json(report.stage_seconds),
            **costs.metadata(report.encoded, report.audio_seconds, threads=report.stage_seconds),
        },
    )


def _same_weights(checkpoint: Checkpoint, registered: dict) -> None:
    """Refuse weights that changed after model_checkpoint looked at them: no vector may lie."""
    if weights_sha256(checkpoint) != registered["weights_sha256"]:
        raise CheckpointError(
            f"The weights of {checkpoint.name!r} changed while the run was under way. Run again."
        )


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None
