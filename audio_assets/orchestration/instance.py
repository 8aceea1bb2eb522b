"""The Dagster instance of a home, and what a dead process left behind in it."""

from __future__ import annotations

import logging
from pathlib import Path
from textwrap import shorten

import dagster as dg
from dagster_shared.check import CheckError
from sqlalchemy.exc import SQLAlchemyError
from yaml import YAMLError

from audio_assets.errors import SettingsError
from audio_assets.home import Home
from audio_assets.orchestration.processes import provably_dead
from audio_assets.orchestration.record_errors import disk_trouble
from audio_assets.storage import atomic_open

log = logging.getLogger(__name__)

PACKAGED_CONFIG = Path(__file__).with_name("dagster.yaml")
_UNFINISHED = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def write_config(home: Home) -> Path:
    """Give a home that has no `dagster.yaml` the packaged one; one that is there is kept."""
    path = home.root / "dagster.yaml"
    if not path.exists():
        with atomic_open(path) as stream:
            stream.write(PACKAGED_CONFIG.read_bytes())
    return path


def open_instance(home: Home) -> dg.DagsterInstance:
    """Open the instance of a home (DAGSTER_HOME is the home itself) and clear up after the dead.

    The caller closes it, best with `with`.
    """
    write_config(home)
    instance = configured_instance(home)
    fail_dead_runs(instance)
    return instance


def configured_instance(home: Home) -> dg.DagsterInstance:
    """The instance that the home's `dagster.yaml` describes.

    Raises:
        SettingsError: the file is damaged, asks for what is not installed, or for a database that
            does not answer.
    """
    try:
        return dg.DagsterInstance.from_config(str(home.root))
    except (dg.DagsterError, CheckError, ImportError, YAMLError, SQLAlchemyError) as error:
        if disk_trouble(error) is not None:
            raise
        raise SettingsError(
            f"{home.root / 'dagster.yaml'} cannot be used: {_said(error)} Correct the file, or "
            "move it away: the next run writes the usual one. Where it names PostgreSQL, the "
            "server must answer, and the extra belongs to it: pip install 'audio-assets[postgres]'."
        ) from error


def _said(error: BaseException) -> str:
    """What went wrong, without the whole schema that Dagster lists after it."""
    text = " ".join(str(error).split()).removeprefix("Failure condition: ")
    return f"{shorten(text or type(error).__name__, 300, placeholder=' …').rstrip('.')}."


def create_storage(home: Home) -> None:
    """Create Dagster's own tables in a new home; several processes that do it at once collide."""
    with open_instance(home) as instance:
        _ = instance.run_storage, instance.event_log_storage, instance.schedule_storage


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs whose processes have provably ended as failed, and free their pool slots.

    Without this, a run killed with -9 stays STARTED for ever and the next one waits for its slot.

    Returns:
        Ids of the runs that were marked.
    """
    dead = [
        run
        for run in instance.get_runs(filters=dg.RunsFilter(statuses=_UNFINISHED))
        if provably_dead(run.tags)
    ]
    for run in dead:
        instance.report_run_failed(
            run, "The process that executed this run has ended without a word."
        )
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        log.info("Run %s was left by a process that ended; marked as failed.", run.run_id)
    return [run.run_id for run in dead]
