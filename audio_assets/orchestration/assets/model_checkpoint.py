"""model_checkpoint: a probed model, with everything of it that can change a vector."""

from typing import Any

import dagster as dg

from audio_assets.errors import CheckpointError, StorageError
from audio_assets.home import Home
from audio_assets.models.registry import Checkpoint, resolve_checkpoint, weights_sha256
from audio_assets.orchestration.claim import claim
from audio_assets.orchestration.costs import Costs
from audio_assets.orchestration.partitions import CHECKPOINTS
from audio_assets.orchestration.probe_record import recheck
from audio_assets.orchestration.resources import ComputeResource, HomeResource
from audio_assets.orchestration.versions import data_version
from audio_assets.storage import read_json


@dg.asset(
    partitions_def=CHECKPOINTS,
    io_manager_key="json_io",
    group_name="models",
    kinds={"pytorch", "json"},
)
def model_checkpoint(
    context: dg.AssetExecutionContext, home: HomeResource, compute: ComputeResource
) -> dg.MaterializeResult[dict]:
    """The checkpoint's encoding fields and the hash of its weights; new weights are probed.

    Licence and prose do not count: only what can change a vector enters the data version.
    """
    costs = Costs()
    with claim(context, home.paths) as partition:
        checkpoint = resolve_checkpoint(str(partition.checkpoint), home.paths)
        card = checkpoint.card
        with costs.stage("hash"):
            sha256 = weights_sha256(checkpoint)
        report: dict[str, Any] = {
            "name": card.name,
            "kind": card.kind,
            "dim": card.dim,
            "sample_rate": card.sample_rate,
            "input_seconds": card.input_seconds,
            "licence": card.licence,
            "weights_sha256": sha256,
            "encoding_fields": card.encoding_fields(),
        }
        before = _previous(home.paths, str(partition.checkpoint))
        content = {"weights": report["weights_sha256"], "card": report["encoding_fields"]}
        if before is None or content != _content(before):
            with costs.stage("probe"):
                _probe(checkpoint, sha256, compute, home.paths, known=before is not None)
    return dg.MaterializeResult(
        value=report,
        data_version=data_version(context, **content),
        metadata={
            "directory": str(checkpoint.directory),
            "dim": card.dim,
            "licence": card.licence,
            "weights_sha256": report["weights_sha256"],
            **costs.metadata(1, 0.0),
        },
    )


def _content(report: dict[str, Any]) -> dict[str, Any]:
    return {"weights": report.get("weights_sha256"), "card": report.get("encoding_fields")}


def _previous(home: Home, name: str) -> dict[str, Any] | None:
    try:
        return read_json(home.asset("model_checkpoint", checkpoint=name))
    except StorageError:
        return None


def _probe(
    checkpoint: Checkpoint, weights: str, compute: ComputeResource, home: Home, *, known: bool
) -> None:
    """Run the model on known sounds before it is trusted; keep the golden vector of new weights.

    A probe that came with the checkpoint is kept the first time, so that the golden vector of the
    machine that made the weights is what this one is compared with, by the check.

    Raises:
        CheckpointError: the model is unusable, with the reason.
    """
    from audio_assets.models.precision import state_agreement
    from audio_assets.models.probe import PROBE_FILE, write_probe

    keep = not known and (checkpoint.directory / PROBE_FILE).is_file()
    if not keep and not checkpoint.proposed:
        write_probe(compute.load_encoder(checkpoint), checkpoint.directory)
        if checkpoint.card.bf16_cosine is not None:  # it spoke of the weights before these
            state_agreement(checkpoint)
    problem = recheck(checkpoint, weights, compute, home).problems.get("probe")
    if problem:
        raise CheckpointError(problem)
