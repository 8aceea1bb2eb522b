"""One folder with one checkpoint, end to end in this process; only what is stale is computed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from audio_assets.encoding.pipeline import thread_count
from audio_assets.errors import UsageError
from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import Home
from audio_assets.models.card import ModelCard
from audio_assets.models.registry import Checkpoint, list_checkpoints, resolve_checkpoint
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.execution import Executed, bars_on_stderr, execute
from audio_assets.orchestration.imports_ahead import imported_meanwhile, libraries
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.jobs import ALL_ASSETS, ANALYSES
from audio_assets.orchestration.locks import exclusive
from audio_assets.orchestration.outputs import fault_of, output_path
from audio_assets.orchestration.partitions import CHECKPOINTS, FOLDERS, Partition
from audio_assets.orchestration.record_errors import readable_records
from audio_assets.orchestration.record_writing import quick_records
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.orchestration.run_report import RunReport as RunReport
from audio_assets.orchestration.run_report import peak_rss_mb
from audio_assets.orchestration.signatures import stored_signature
from audio_assets.orchestration.staleness import FRESH, staleness
from audio_assets.orchestration.versions import stored_version
from audio_assets.settings import Settings
from audio_assets.storage import read_json, read_parquet

WAVES: tuple[tuple[str, ...], ...] = (
    ("metadata_table", "spectrograms"),
    ("embeddings",),
    ANALYSES,
    ("fiftyone_dataset",),
)
"""What runs after the two roots; staleness is asked again after each wave that ran."""

WORTH_A_PROCESS = 1000
"""Windows from which t-SNE takes longer than it takes to start another process for it."""


def run_folder(
    home: Home, folder_key: str, checkpoint: str, settings: Settings, *, verify: bool = False
) -> RunReport:
    """Execute the two roots, then whatever they made stale, wave by wave.

    Args:
        home: holds the folder's registration and all outputs.
        folder_key: a registered folder.
        checkpoint: name of a checkpoint, or the path of a registered one.
        settings: analysis parameters, device, precision.
        verify: hash every file again.

    Raises:
        UsageError: the folder or the checkpoint is unknown.
        AudioAssetsError: an asset failed; everything finished before it is kept.
    """
    found = _registered(home, checkpoint)
    folder = _want(home, FolderRegistry(home).get(folder_key), found.card)
    settings = settings.model_copy(update={"home": home.root})
    run = _Run(home, folder.key, found, settings)
    with exclusive(home, "folder", folder.key), bars_on_stderr(), readable_records(home):
        with quick_records(home), open_instance(home) as instance:
            run.execute(instance, verify=verify)
        return run.report()


def _registered(home: Home, checkpoint: str) -> Checkpoint:
    """The checkpoint, which must be found by its name too: that is its partition key.

    Raises:
        CheckpointError: there is none.
        UsageError: it lies where its name does not lead to it.
    """
    found = resolve_checkpoint(checkpoint, home)
    if found.name not in list_checkpoints(home) or (
        resolve_checkpoint(found.name, home).directory != found.directory
    ):
        raise UsageError(
            f"The checkpoint {found.directory} is not registered under its name {found.name!r}. "
            f"Put it into {home.checkpoints} (a link will do) and name it there."
        )
    return found


def _want(home: Home, folder: AudioFolder, card: ModelCard) -> AudioFolder:
    """Note that the folder wants this checkpoint; the first sets the transform of its pictures."""
    changes: dict[str, Any] = {}
    if card.name not in folder.checkpoints:
        changes["checkpoints"] = [*folder.checkpoints, card.name]
    if folder.transform is None:
        changes["transform"] = card.picture_transform.model_dump()
    if folder.input_seconds is None:
        changes["input_seconds"] = card.input_seconds
    return FolderRegistry(home).update(folder.key, **changes) if changes else folder


@lru_cache(maxsize=8)
def _definitions(settings_json: str) -> dg.Definitions:
    """Definitions of one set of settings; a process that runs many folders builds them once."""
    return build_definitions(Settings.model_validate_json(settings_json))


class _Run:
    """The state of one run: what was executed so far."""

    def __init__(self, home: Home, folder: str, checkpoint: Checkpoint, settings: Settings) -> None:
        self.home = home
        self.settings = settings
        self.definitions = _definitions(settings.model_dump_json())
        self.compute = ComputeResource.of(settings)
        self.folder = Partition(folder=folder)
        self.card = checkpoint.card
        self.checkpoint = Partition(checkpoint=checkpoint.name)
        self.pair = Partition(folder=folder, checkpoint=checkpoint.name)
        self.seconds: dict[str, float] = dict.fromkeys(ALL_ASSETS, 0.0)
        self.metadata: dict[str, dict[str, Any]] = {}
        self.failed_checks: list[str] = []

    def execute(self, instance: dg.DagsterInstance, *, verify: bool) -> None:
        """Roots first, since only they look at the disk; then each wave that is due."""
        instance.add_dynamic_partitions(str(FOLDERS.name), [str(self.folder.folder)])
        instance.add_dynamic_partitions(str(CHECKPOINTS.name), [str(self.checkpoint.checkpoint)])
        config = {"raw_audio": {"verify": True}} if verify else None
        new = not output_path(self.home, "raw_audio", self.folder).is_file()
        with imported_meanwhile(libraries(self.card)) if new else nullcontext():
            self._add(execute(self.definitions, instance, ["raw_audio"], self.folder, config))
        self._add(execute(self.definitions, instance, ["model_checkpoint"], self.checkpoint))
        due = self._due(instance)
        for wave in WAVES:
            assets = [name for name in wave if name in due]
            if assets:
                partition = self._partition(assets[0])
                with self._ahead(instance, assets):
                    self._add(execute(self.definitions, instance, assets, partition))
                due = self._due(instance)

    def _ahead(
        self, instance: dg.DagsterInstance, assets: list[str]
    ) -> AbstractContextManager[None]:
        """Where t-SNE comes after other work and a processor is free, it begins at once."""
        wanted = "tsne_coords" in assets and len(assets) > 1 and self.settings.compute_tsne
        if not wanted or thread_count(0) == 1:
            return nullcontext()
        embeddings = output_path(self.home, "embeddings", self.pair)
        windows = pq.read_metadata(embeddings).num_rows
        if not WORTH_A_PROCESS <= windows <= self.settings.tsne_sample:
            return nullcontext()  # of more, all vectors would be in memory twice
        from audio_assets.analysis.projection import TsneParameters
        from audio_assets.analysis.tsne_apart import tsne_begun

        version = stored_version(instance, "embeddings", self.pair.key)
        return tsne_begun(embeddings, version, TsneParameters.from_settings(self.settings))

    def _due(self, instance: dg.DagsterInstance) -> set[str]:
        """Assets that are stale or missing by Dagster's records, or whose output is not right."""
        names = [name for wave in WAVES for name in wave]
        states = staleness(instance, self.definitions, [(n, self._partition(n).key) for n in names])
        stale = {name for (name, _), state in states.items() if state.status != FRESH}
        for name in names:
            if name not in stale and fault_of(self.home, name, self._partition(name), self.compute):
                stale.add(name)
        return stale

    def _partition(self, asset: str) -> Partition:
        return self.folder if asset in WAVES[0] else self.pair

    def _add(self, done: Executed) -> None:
        self.seconds |= done.seconds
        self.metadata |= done.metadata
        self.failed_checks += done.failed_checks

    def report(self) -> RunReport:
        """Counts from what is stored and from what was executed."""
        recordings = read_parquet(output_path(self.home, "raw_audio", self.folder)).to_pylist()
        failed = [_failure(r) for r in recordings if r["status"] == "failed"]
        embeddings = output_path(self.home, "embeddings", self.pair)
        windows = pq.read_metadata(embeddings).num_rows
        encoding = self.metadata.get("embeddings", {})
        model = read_json(output_path(self.home, "model_checkpoint", self.checkpoint))
        return RunReport(
            folder=str(self.pair.folder),
            checkpoint=str(self.pair.checkpoint),
            dataset=read_json(output_path(self.home, "fiftyone_dataset", self.pair))["dataset"],
            recordings=len(recordings) - len(failed),
            failed=failed + _encoding_failures(encoding),
            windows=windows,
            encoded=int(encoding.get("encoded", 0)),
            reused=windows - int(encoding.get("encoded", 0)),
            dim=int(model["dim"]),
            encoding_signature=stored_signature(embeddings) or "",
            seconds=self.seconds,
            peak_rss_mb=peak_rss_mb(),
            failed_checks=self.failed_checks,
        )


def _failure(row: dict[str, Any]) -> dict[str, str]:
    return {"path": row["path"], "reason": row["reason"] or "unknown"}


def _encoding_failures(metadata: dict[str, Any]) -> list[dict[str, str]]:
    found = metadata.get("failed_recordings") or []
    return [{"path": f["path"], "reason": f["reason"]} for f in found]
