"""What is materialized for each folder and checkpoint, what is stale, and why."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import Home
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.jobs import ALL_ASSETS, INGEST, REGISTER
from audio_assets.orchestration.outputs import fault_of, output_path
from audio_assets.orchestration.partitions import CHECKPOINTS, FOLDERS, Partition
from audio_assets.orchestration.resources import ComputeResource
from audio_assets.orchestration.staleness import FRESH, STALE, staleness
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet


def status_rows(home: Home, settings: Settings) -> list[dict[str, Any]]:
    """One row per folder and checkpoint; a folder that wants no checkpoint has one row, too.

    Returns:
        Dictionaries of folder, root, state ("present" or "missing"), checkpoint (or None),
        counts {name: int} and assets {name: {"status", "why"}}. Status is "fresh", "stale" or
        "missing". Staleness looks at direct inputs: the rest follows wave by wave.
    """
    folders = FolderRegistry(home).load().values()
    definitions = build_definitions(settings.model_copy(update={"home": home.root}))
    pairs = [(f, c) for f in folders for c in (f.checkpoints or [None])]
    with open_instance(home) as instance:
        _know(instance, pairs)
        wanted = {(a, p.key): p for f, c in pairs for a, p in _partitions(f.key, c).items()}
        states = staleness(instance, definitions, wanted)
    compute = ComputeResource.of(settings)
    assets = {
        key: _state(home, key[0], wanted[key], compute, state.status, state.why)
        for key, state in states.items()
    }
    return [
        {
            "folder": folder.key,
            "root": str(folder.root),
            "state": folder.state,
            "checkpoint": checkpoint,
            "counts": _counts(home, folder.key, checkpoint),
            "assets": {a: assets[a, p.key] for a, p in _partitions(folder.key, checkpoint).items()},
        }
        for folder, checkpoint in pairs
    ]


def _know(instance: Any, pairs: list[tuple[AudioFolder, str | None]]) -> None:
    """Partition keys must be known before their status can be asked for."""
    folders = sorted({folder.key for folder, _ in pairs})
    checkpoints = sorted({checkpoint for _, checkpoint in pairs if checkpoint})
    if folders:
        instance.add_dynamic_partitions(str(FOLDERS.name), folders)
    if checkpoints:
        instance.add_dynamic_partitions(str(CHECKPOINTS.name), checkpoints)


def _partitions(folder: str, checkpoint: str | None) -> dict[str, Partition]:
    """Partition of each asset that concerns a folder and checkpoint."""
    if checkpoint is None:
        return dict.fromkeys(INGEST, Partition(folder=folder))
    pair = Partition(folder=folder, checkpoint=checkpoint)
    by_asset: dict[str, Partition] = dict.fromkeys(ALL_ASSETS, pair)
    by_asset |= dict.fromkeys(INGEST, Partition(folder=folder))
    return by_asset | dict.fromkeys(REGISTER, Partition(checkpoint=checkpoint))


def _state(
    home: Home, asset: str, partition: Partition, compute: ComputeResource, status: str, why: str
) -> dict[str, str]:
    if status == FRESH:
        fault = fault_of(home, asset, partition, compute)
        if fault:
            status, why = STALE, fault
    return {"status": status, "why": why}


def _counts(home: Home, folder: str, checkpoint: str | None) -> dict[str, int]:
    """Rows of what is there."""
    counts: dict[str, int] = {}
    recordings = home.asset("raw_audio", folder=folder)
    if recordings.is_file():
        statuses = read_parquet(recordings, ["status"]).column(0).to_pylist()
        counts["recordings"] = len(statuses) - statuses.count("failed")
        counts["failed"] = statuses.count("failed")
    if checkpoint is not None:
        pair = Partition(folder=folder, checkpoint=checkpoint)
        try:
            counts["windows"] = pq.read_metadata(output_path(home, "embeddings", pair)).num_rows
        except (OSError, pa.ArrowException):
            counts["windows"] = 0
    return counts
