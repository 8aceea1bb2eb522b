"""`audio-assets doctor`: Python, mongod, device, disk, registry, and how to mend each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from audio_assets.errors import AudioAssetsError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.settings import Settings

MINIMUM_FREE_GB = 2.0


@dataclass(frozen=True)
class Finding:
    """What one look found, and what to do when it is not well."""

    what: str
    state: Literal["ok", "warning", "error"]
    found: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which a user would mend them; nothing is changed."""
    home = Home.of(settings)
    looks: list[tuple[str, Callable[[Home, Settings], Finding]]] = [
        ("python", _python),
        ("home", _home),
        ("disk", _disk),
        ("mongod", _mongod),
        ("device", _device),
        ("checkpoint", _checkpoint),
        ("folders", _folders),
        ("audio formats", _formats),
    ]
    findings = []
    for what, look in looks:
        try:
            findings.append(look(home, settings))
        except AudioAssetsError as error:
            findings.append(Finding(what, "error", str(error)))
    return findings


def _python(home: Home, settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "ok", version)


def _home(home: Home, settings: Settings) -> Finding:
    home.ensure()
    return Finding("home", "ok", str(home.root))


def _disk(home: Home, settings: Settings) -> Finding:
    free = shutil.disk_usage(home.root).free / 1e9
    state: Literal["ok", "warning"] = "ok" if free >= MINIMUM_FREE_GB else "warning"
    remedy = "" if state == "ok" else "Free some space, or set AUDIO_ASSETS_HOME to another disk."
    return Finding("disk", state, f"{free:.1f} GB free", remedy)


def _mongod(home: Home, settings: Settings) -> Finding:
    from audio_assets.explore.mongod import database_status

    status = database_status(home)
    return Finding("mongod", "ok" if status.usable else "error", status.text, status.remedy)


def _device(home: Home, settings: Settings) -> Finding:
    import torch

    from audio_assets.models.encoder import resolve_device

    device = resolve_device(settings.device)
    return Finding("device", "ok", f"{device}, torch {torch.__version__}")


def _checkpoint(home: Home, settings: Settings) -> Finding:
    from audio_assets.models.registry import list_checkpoints, resolve_checkpoint

    card = resolve_checkpoint(settings.checkpoint, home).card
    others = len(list_checkpoints(home)) - 1
    return Finding("checkpoint", "ok", f"{card.name} (default), {others} more, {card.dim}-d")


def _folders(home: Home, settings: Settings) -> Finding:
    folders = FolderRegistry(home).load()
    missing = [f.key for f in folders.values() if not f.root.is_dir()]
    if missing:
        return Finding(
            "folders", "warning", f"{len(folders)} registered, not found: {', '.join(missing)}",
            "Plug the disk in again, or remove them with `audio-assets forget NAME`.",
        )  # fmt: skip
    return Finding("folders", "ok", f"{len(folders)} registered")


def _formats(home: Home, settings: Settings) -> Finding:
    import soundfile

    try:
        import av  # noqa: F401  (only whether it is there)
    except ImportError:
        return Finding(
            "audio formats", "warning", f"libsndfile {soundfile.__libsndfile_version__}, no m4a",
            "For m4a and aac: pip install 'audio-assets[m4a]'.",
        )  # fmt: skip
    return Finding("audio formats", "ok", f"libsndfile {soundfile.__libsndfile_version__}, PyAV")
