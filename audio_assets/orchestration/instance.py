"""The Dagster instance of a home, and what a dead process left behind in it."""

from __future__ import annotations

import logging
from pathlib import Path
from textwrap import shorten

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from audio_assets.errors import DatabaseError, SettingsError
from audio_assets.home import Home
from audio_assets.orchestration.processes import provably_dead
from audio_assets.orchestration.record_errors import disk_trouble, records_refused
from audio_assets.storage import atomic_open

log = logging.getLogger(__name__)

PACKAGED_CONFIG = Path(__file__).with_name("dagster.yaml")
OF_A_SERVER = {"DagsterPostgresException", "DagsterMySQLException"}
"""What Dagster's storages raise when their server is away; they are not among its own errors."""
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
        SettingsError: the file is damaged, or asks for what is not installed.
        DatabaseError: the database that it names does not answer.
        StorageError: the records of the home are damaged, or the disk refuses them.
    """
    file = home.root / "dagster.yaml"
    try:
        return dg.DagsterInstance.from_config(str(home.root))
    except Exception as error:
        if (refused := disk_trouble(error)) is not None:
            raise records_refused(str(home.root), refused) from error
        if isinstance(error, SQLAlchemyError) or type(error).__name__ in OF_A_SERVER:
            raise DatabaseError(
                f"The database that {file} names cannot be used: {_said(error)} Start that server, "
                "or correct the address."
            ) from error
        raise SettingsError(
            f"{file} cannot be used: {_said(error)} Correct the file, or move it away: the next "
            "run writes the usual one. Where it names PostgreSQL, the extra belongs to it: "
            "pip install 'audio-assets[postgres]'."
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
