"""Sensors: new, changed and vanished folders; new and changed checkpoints.

A sensor owns the roots and the first encoding of a wanted pair; the automation conditions own
every other asset, so that no run is requested twice. Ticks look at names, sizes and times only;
raw_audio does the hashing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path

import dagster as dg

from audio_assets.errors import AudioAssetsError
from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import SHIPPED_CHECKPOINTS, Home
from audio_assets.orchestration.folder_look import Memory, folder_is_away, look, remember, still
from audio_assets.orchestration.partitions import CHECKPOINTS, FOLDERS, pair_key
from audio_assets.orchestration.versions import digest
from audio_assets.settings import Settings

FOLDER_TAG = "audio_assets/folder"
CHECKPOINT_TAG = "audio_assets/checkpoint"
RUN_KEY_TAG = "dagster/run_key"
WRITTEN_BY_US = frozenset({"probe.json"})


def folder_sensor(settings: Settings) -> dg.SensorDefinition:
    """Registers directories under data/audio and requests what has changed."""

    @dg.sensor(
        name="folders",
        asset_selection=dg.AssetSelection.assets("raw_audio", "embeddings"),
        minimum_interval_seconds=settings.sensor_interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Directories directly under data/audio are registered; new and changed folders are "
            "ingested and their wanted checkpoints encoded; a vanished one is marked missing and "
            "nothing of it is deleted."
        ),
    )
    def folders(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        home = Home.of(settings)
        register_new(home, settings, context.log.warning)
        memories = _read_cursor(context.cursor)
        registered = list(FolderRegistry(home).load().values())
        requests: list[dg.RunRequest] = []
        waiting = _waiting(context.instance)
        for folder in registered:
            try:
                requests += _ingest(home, settings, folder, memories, time.time(), waiting)
            except OSError as error:  # one folder never stops the others
                context.log.warning(f"{folder.root} cannot be looked at: {error}")
        requests += _first_encodings(context.instance, registered, memories, _asked_for(settings))
        new = _not_yet(context.instance, FOLDERS, (folder.key for folder in registered))
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=[FOLDERS.build_add_request(new)] if new else [],
            cursor=_write_cursor(memories, {folder.key for folder in registered}),
        )

    return folders


def checkpoint_sensor(settings: Settings) -> dg.SensorDefinition:
    """Registers directories with a model card and requests a look at new and changed ones."""

    @dg.sensor(
        name="checkpoints",
        asset_selection=dg.AssetSelection.assets("model_checkpoint"),
        minimum_interval_seconds=settings.sensor_interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="New and changed checkpoints are read and probed; none is encoded with.",
    )
    def checkpoints(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        found = checkpoint_directories(Home.of(settings))
        memories = _read_cursor(context.cursor)
        requests = []
        for name, directory in found.items():
            if _changed_and_still(
                name, directory, memories, settings, time.time(), skip=WRITTEN_BY_US
            ):
                requests.append(
                    dg.RunRequest(
                        run_key=f"register:{name}:{memories[name].handled[:16]}",
                        partition_key=name,
                        asset_selection=[dg.AssetKey("model_checkpoint")],
                        tags={CHECKPOINT_TAG: name},
                    )
                )
        new = _not_yet(context.instance, CHECKPOINTS, found)
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=[CHECKPOINTS.build_add_request(new)] if new else [],
            cursor=_write_cursor(memories, set(found)),
        )

    return checkpoints


def register_new(home: Home, settings: Settings, warn: Callable[[str], None]) -> None:
    """Register the directories directly under data/audio that hold at least one file."""
    from audio_assets.running import register_folder

    known = {folder.root for folder in FolderRegistry(home).load().values()}
    candidates = sorted(home.audio.iterdir()) if home.audio.is_dir() else []
    for root in candidates:
        if root.name.startswith(".") or not root.is_dir() or root.resolve() in known:
            continue
        try:
            if look(root).files:
                register_folder(
                    home, root, settings.checkpoint, synthetic_geo=settings.add_synthetic_geo,
                    usual_window=settings.window_s,
                )  # fmt: skip
        except (AudioAssetsError, OSError) as error:
            warn(f"{root} is not registered: {error}")


def checkpoint_directories(home: Home) -> dict[str, Path]:
    """Directories with a model card, by name; one of the home hides a shipped one."""
    found: dict[str, Path] = {}
    for base in (SHIPPED_CHECKPOINTS, home.checkpoints):
        if base.is_dir():
            found |= {p.parent.name: p.parent for p in sorted(base.glob("*/model.yaml"))}
    return found


def _ingest(
    home: Home, settings: Settings, folder: AudioFolder, memories: dict[str, Memory], now: float,
    waiting: set[str],
) -> Iterable[dg.RunRequest]:  # fmt: skip
    """A request when the folder changed and has been still since; none when it is not there.

    None either while a run of it waits for its turn: that one will look at the disk itself. A
    folder that changes more often than its runs end would else make the queue longer for ever.
    """
    if folder_is_away(folder, home):
        if folder.state != "missing":
            FolderRegistry(home).mark_missing(folder.key)
        return
    if folder.state == "missing":
        FolderRegistry(home).mark_present(folder.key)
        known = memories.get(folder.key, Memory())
        memories[folder.key] = replace(known, handled="")  # what was asked for may have failed
    if folder.key in waiting:
        return
    if _changed_and_still(folder.key, folder.root, memories, settings, now, _outside(home, folder)):
        yield dg.RunRequest(
            run_key=f"ingest:{folder.key}:{memories[folder.key].handled[:16]}:{int(now)}",
            partition_key=folder.key,
            asset_selection=[dg.AssetKey("raw_audio")],
            tags={FOLDER_TAG: folder.key},
        )


def _waiting(instance: dg.DagsterInstance) -> set[str]:
    """Folders that a run of this sensor is to ingest that has not begun."""
    queued = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=queued))
    return {
        run.tags[FOLDER_TAG]
        for run in runs
        if FOLDER_TAG in run.tags and run.tags.get(RUN_KEY_TAG, "").startswith("ingest:")
    }


def _outside(home: Home, folder: AudioFolder) -> str:
    """What else can change a folder's tables: its settings and people's edits."""
    edits = sorted(home.edits.glob(f"{folder.key}.*")) if home.edits.is_dir() else []
    times = [(path.name, path.stat().st_mtime_ns) for path in edits]
    return digest([folder.settings(), times])


def _changed_and_still(
    key: str, root: Path, memories: dict[str, Memory], settings: Settings, now: float,
    outside: str = "", skip: frozenset[str] = frozenset(),
) -> bool:  # fmt: skip
    """Look, remember, and say whether a run is due; if so, the look counts as handled."""
    found = look(root, skip)
    memory = memories[key] = remember(memories.get(key, Memory()), found, now)
    handled = digest([found.fingerprint, outside])
    if memory.handled == handled or not still(memory, found, now, settings.sensor_debounce_s):
        return False
    memories[key] = Memory(memory.seen, memory.since, handled)
    return True


def _asked_for(settings: Settings) -> set[tuple[str, str]]:
    """(folder, checkpoint) of the jobs that have not ended: their sensor encodes them."""
    from audio_assets.jobs.store import JobStore

    asked = [job.request for job in JobStore(settings).live() if job.kind == "processing"]
    return {(folder, request["checkpoint"]) for request in asked for folder in request["folders"]}


def _first_encodings(
    instance: dg.DagsterInstance,
    folders: Iterable[AudioFolder],
    memories: dict[str, Memory],
    asked_for: set[tuple[str, str]],
) -> list[dg.RunRequest]:
    """Wanted pairs that were never encoded, once all their inputs are there."""
    done = {
        asset: instance.get_materialized_partitions(dg.AssetKey(asset))
        for asset in ("spectrograms", "metadata_table", "model_checkpoint", "embeddings")
    }
    requests = []
    for folder in folders:
        ready = folder.key in done["spectrograms"] & done["metadata_table"]
        for checkpoint in folder.checkpoints if ready and folder.state != "missing" else []:
            if (folder.key, checkpoint) in asked_for:
                continue
            key = pair_key(checkpoint, folder.key)
            if checkpoint in done["model_checkpoint"] and str(key) not in done["embeddings"]:
                state = memories.get(folder.key, Memory()).handled[:16]
                requests.append(
                    dg.RunRequest(
                        run_key=f"encode:{key}:{state}",
                        partition_key=key,
                        asset_selection=[dg.AssetKey("embeddings")],
                        tags={FOLDER_TAG: folder.key, CHECKPOINT_TAG: checkpoint},
                    )
                )
    return requests


def _not_yet(
    instance: dg.DagsterInstance, definition: dg.DynamicPartitionsDefinition, keys: Iterable[str]
) -> list[str]:
    """Keys that Dagster does not know yet; at most 5,000 at once, a limit of some SQLite builds."""
    known = set(instance.get_dynamic_partitions(str(definition.name)))
    return [key for key in keys if key not in known][:5000]


def _read_cursor(cursor: str | None) -> dict[str, Memory]:
    return {key: Memory(**value) for key, value in json.loads(cursor or "{}").items()}


def _write_cursor(memories: dict[str, Memory], keep: set[str]) -> str:
    return json.dumps({k: asdict(m) for k, m in sorted(memories.items()) if k in keep})
