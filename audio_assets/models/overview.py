"""Every checkpoint of a home at a glance: licence, probe, and what a folder has of it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.errors import CheckpointError, StorageError
from audio_assets.home import Home
from audio_assets.models.linear_probe.card import KIND, LinearProbeCard
from audio_assets.models.manage import is_shipped, users_of
from audio_assets.models.registry import Checkpoint, list_checkpoints, resolve_checkpoint
from audio_assets.settings import Settings
from audio_assets.storage import read_json


def model_rows(home: Home, settings: Settings, folder: str | None) -> list[dict[str, Any]]:
    """One row per checkpoint, the default one first; nothing is run.

    Args:
        home: whose checkpoints.
        settings: name the default one.
        folder: key of the folder whose windows are counted; None for none.

    Returns:
        name, kind, dim, sample_rate, input_seconds, licence, description, default, shipped, probe
        ("passed", "none" or a reason), windows (of the folder; None where it was not run on it),
        folders (that have its vectors), base (of a classifier), quality (of a classifier:
        average precision or None) and problem (why it cannot be used; None).
    """
    rows = [_row(home, settings, name, folder) for name in list_checkpoints(home)]
    return sorted(rows, key=lambda row: (not row["default"], row["name"]))


def _row(home: Home, settings: Settings, name: str, folder: str | None) -> dict[str, Any]:
    common = {
        "name": name,
        "default": name == settings.checkpoint,
        "windows": _windows(home, name, folder) if folder else None,
        "folders": users_of(name, home),
    }
    try:
        found = resolve_checkpoint(name, home)
        problem = _base_problem(found)
    except CheckpointError as error:
        return {**common, "problem": str(error), "probe": "none"}
    card = found.card
    row = {
        "kind": card.kind, "dim": card.dim, "sample_rate": card.sample_rate,
        "input_seconds": card.input_seconds, "licence": card.licence,
        "description": card.description, "shipped": is_shipped(found), "probe": _probe(home, found),
        "problem": problem, "base": None, "quality": None,
    }  # fmt: skip
    if isinstance(card, LinearProbeCard):
        row |= {"base": card.base.name, "quality": card.training.get("average_precision")}
    return {**common, **row}


def _base_problem(found: Checkpoint) -> str | None:
    """Why a classifier cannot run: its base is gone or changed."""
    if found.card.kind != KIND:
        return None
    from audio_assets.models.linear_probe.base import require_base

    try:
        require_base(found)
    except CheckpointError as error:
        return str(error)
    return None


def _probe(home: Home, found: Checkpoint) -> str:
    """What the last probe found: by a run, else the one that came with it."""
    if (home.assets / "model_probe" / f"{found.name}.json").is_file():
        return "passed"  # only records without problems are kept
    try:
        read_json(found.directory / "probe.json")
    except StorageError:
        return "none"
    return "none" if found.proposed else "passed"


def _windows(home: Home, name: str, folder: str) -> int | None:
    try:
        path = home.asset("embeddings", checkpoint=name, folder=folder)
        return pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException):
        return None
