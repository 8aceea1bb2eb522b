"""Running jobs in this process: quiet console, bars on the real stderr, the domain's own errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg

from audio_assets import progress
from audio_assets.errors import AudioAssetsError
from audio_assets.orchestration.jobs import job_of
from audio_assets.orchestration.partitions import Partition
from audio_assets.orchestration.processes import process_tags
from audio_assets.orchestration.record_errors import disk_trouble, records_refused
from audio_assets.orchestration.sensors import CHECKPOINT_TAG, FOLDER_TAG

LOCATION = "audio_assets"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Executed:
    """What one in-process run did.

    Attributes:
        seconds: wall time of each asset's step.
        metadata: metadata of each materialization, as plain values.
        failed_checks: "asset.check (ERROR): what was found", of checks that did not pass.
    """

    seconds: dict[str, float]
    metadata: dict[str, dict[str, Any]]
    failed_checks: list[str]


def execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    assets: Sequence[str],
    partition: Partition,
    config: Mapping[str, Any] | None = None,
) -> Executed:
    """Materialize assets of one job for one partition, with their checks.

    Args:
        definitions: the code location.
        instance: where the run is recorded; `dagster dev` on the same home shows it live.
        assets: names, all of the same job.
        partition: the folder, checkpoint or pair.
        config: configuration of single assets, by name.

    Raises:
        AudioAssetsError: what an asset body raised, without Dagster's wrapping.
        KeyboardInterrupt: the run was interrupted.
    """
    job = definitions.resolve_job_def(job_of(assets[0]))
    ops = {name: {"config": dict(values)} for name, values in (config or {}).items()}
    try:
        result = job.execute_in_process(
            instance=instance,
            partition_key=partition.key,
            asset_selection=[dg.AssetKey(name) for name in assets],
            run_config={**QUIET, "ops": ops},
            tags=run_tags(partition),
        )
    except dg.DagsterExecutionInterruptedError as error:
        raise KeyboardInterrupt from error
    except Exception as error:
        raise readable(error, f"{', '.join(assets)} of {partition}") from error
    return Executed(_seconds(result, assets), _metadata(result), _failed(result))


def run_tags(partition: Partition) -> dict[str, str]:
    """Tags of an in-process run; the repository tag lets the UI's filter find it."""
    tags = {".dagster/repository": f"__repository__@{LOCATION}", **process_tags()}
    if partition.folder:
        tags[FOLDER_TAG] = partition.folder
    if partition.checkpoint:
        tags[CHECKPOINT_TAG] = partition.checkpoint
    return tags


def run_checks(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    assets: Sequence[str],
    partition: Partition,
    *,
    only: str | None = None,
) -> list[dg.AssetCheckEvaluation]:
    """Evaluate the checks of assets on what is stored; nothing is materialized.

    Args:
        definitions: the code location.
        instance: where the evaluations are recorded.
        assets: whose checks, all of one partition definition.
        partition: which partition.
        only: the name of the only check wanted.

    Raises:
        AudioAssetsError: a check could not be evaluated.
    """
    graph = definitions.resolve_asset_graph()
    checks = {
        key
        for key in graph.asset_check_keys
        if key.asset_key.path[-1] in assets and only in (None, key.name)
    }
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_check_selection=checks
    )
    try:
        result = job.execute_in_process(
            instance=instance,
            run_config=QUIET,
            tags={"dagster/partition": partition.key, **run_tags(partition)},
        )
    except Exception as error:
        raise readable(error, f"checks of {partition}") from error
    return list(result.get_asset_check_evaluations())


def describe(evaluation: dg.AssetCheckEvaluation) -> str:
    """One line: "asset.check (ERROR): what was found"."""
    name = f"{evaluation.asset_key.to_user_string()}.{evaluation.check_name}"
    return f"{name} ({evaluation.severity.value}): {evaluation.description}"


def _failed(result: dg.ExecuteInProcessResult) -> list[str]:
    return [describe(e) for e in result.get_asset_check_evaluations() if not e.passed]


@contextmanager
def bars_on_stderr() -> Iterator[None]:
    """Draw bars on a copy of stderr: Dagster points descriptor 2 at the step's log file."""
    if progress.stream.get() is not None:
        yield
        return
    stream = sys.stderr
    copy = os.fdopen(os.dup(2), "w", buffering=1) if _is_descriptor_2(stream) else None
    token = progress.stream.set(copy or stream)
    try:
        yield
    finally:
        progress.stream.reset(token)
        if copy is not None:
            copy.close()


def _is_descriptor_2(stream: Any) -> bool:
    try:
        return stream.fileno() == 2
    except (OSError, AttributeError, ValueError):
        return False


def readable(error: BaseException, what: str) -> Exception:
    """The first error of our own in a chain of causes, else one that says what failed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AudioAssetsError):
            return cause
        cause = cause.__cause__
    if refused := disk_trouble(error):
        return records_refused("the home", refused)
    return AudioAssetsError(
        f"{what} failed: {type(error).__name__}: {error}. "
        "This is a fault of the program; the run's log in `make dev` has the details."
    )


def _seconds(result: dg.ExecuteInProcessResult, assets: Sequence[str]) -> dict[str, float]:
    durations = {
        str(event.step_key): event.step_success_data.duration_ms / 1000
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.STEP_SUCCESS
    }
    return {name: round(durations[name], 3) for name in assets if name in durations}


def _metadata(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for event in result.get_asset_materialization_events():
        materialization = event.materialization
        name = materialization.asset_key.to_user_string()
        found[name] = {key: value.value for key, value in materialization.metadata.items()}
    return found
