"""`cluster_embedding_sets`: an ad-hoc clustering as a Dagster run.

Run config: `{"ops": {"cluster_embedding_sets": {"config": {"job_id": …, "request": {…}}}}}`, the
request with the fields of `ClusteringRequest`.
"""

from typing import Any

import dagster as dg

from audio_assets.analysis.clustering.job import ClusteringResult, read_clustering, run_clustering
from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.home import Home
from audio_assets.orchestration import previews
from audio_assets.orchestration.processes import PID_TAG, process_tags
from audio_assets.orchestration.resources import HomeResource
from audio_assets.orchestration.step_end import end_when_told
from audio_assets.settings import Settings

NAME = "cluster_embedding_sets"


@dg.op(
    name="cluster_sets",  # a job and an op of one name cannot be loaded by the code server
    config_schema={"job_id": str, "request": dg.Permissive()},
    tags={"kind": "sklearn"},
)
def cluster_op(context: dg.OpExecutionContext, home: HomeResource) -> str:
    """Cluster chosen embedding sets into `data/clusters/<job_id>/`; a finished job is only read."""
    end_when_told()
    if PID_TAG not in context.run.tags:
        context.instance.add_run_tags(context.run_id, process_tags(with_parent=True))
    config = context.op_config
    request = ClusteringRequest.of(config["request"])
    result = run_clustering(home.paths, request, config["job_id"])
    context.add_output_metadata(_metadata(result))
    return result.job_id


@dg.job(name=NAME, description="Cluster chosen embedding sets; see `audio-assets cluster`.")
def clustering_job() -> None:
    """One op: a clustering is computed whole or not at all."""
    cluster_op.alias(NAME)()


def run_config(request: ClusteringRequest, job_id: str) -> dict[str, Any]:
    """The run config of a request."""
    config = {"job_id": job_id, "request": request.model_dump(mode="json")}
    return {"ops": {NAME: {"config": config}}}


def execute_clustering(
    home: Home, request: ClusteringRequest, job_id: str, settings: Settings
) -> ClusteringResult:
    """Run the job in this process, recorded in the home's Dagster instance.

    Raises:
        AudioAssetsError: what the clustering raised, without Dagster's wrapping.
        KeyboardInterrupt: the run was interrupted.
    """
    from audio_assets.orchestration.definitions import build_definitions
    from audio_assets.orchestration.execution import QUIET, bars_on_stderr, readable, run_tags
    from audio_assets.orchestration.instance import open_instance
    from audio_assets.orchestration.partitions import Partition

    definitions = build_definitions(settings.model_copy(update={"home": home.root}))
    with open_instance(home) as instance, bars_on_stderr():
        try:
            definitions.resolve_job_def(NAME).execute_in_process(
                instance=instance,
                run_config={**QUIET, **run_config(request, job_id)},
                tags=run_tags(Partition()),
            )
        except dg.DagsterExecutionInterruptedError as error:
            raise KeyboardInterrupt from error
        except Exception as error:
            raise readable(error, f"clustering {job_id!r}") from error
    return read_clustering(home, job_id)


def _metadata(result: ClusteringResult) -> dict[str, Any]:
    """What Dagster shows of a clustering."""
    report = result.report
    shown = [
        {
            "cluster": c["cluster"], "size": c["size"], "medoid": c["medoid"]["path"],
            "from": c["medoid"]["start_s"], "labels": ", ".join(c["labels"]),
        }
        for c in report["clusters"]
    ]  # fmt: skip
    return {
        "windows": report["windows"],
        "clusters": len(report["clusters"]),
        "noise_share": report["noise"]["share"],
        "exemplars": previews.rows(shown, ["cluster", "size", "medoid", "from", "labels"]),
        "quality": dg.MetadataValue.json(
            {k: report[k] for k in ("quality", "labels", "stability", "agreement")}
        ),
        "assignments": dg.MetadataValue.path(str(result.assignments_file)),
    }
