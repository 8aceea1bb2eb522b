"""`audio-assets forget`: the only thing that deletes; recordings are never touched."""

from __future__ import annotations

import shutil
from pathlib import Path

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.settings import Settings


def forget_folder(settings: Settings, key: str) -> None:
    """Remove a folder's registration, assets, work in progress, partition and data set.

    People's edits (`data/edits/<folder>…`) stay, so that registering the folder again finds them.

    Raises:
        UsageError: the folder is not registered.
        DatabaseError: FiftyOne's database cannot be reached.
    """
    from audio_assets.explore.dataset import delete_dataset
    from audio_assets.orchestration.instance import open_instance
    from audio_assets.orchestration.locks import exclusive
    from audio_assets.orchestration.partitions import FOLDERS

    home = Home.of(settings)
    registry = FolderRegistry(home)
    registry.get(key)
    with exclusive(home, "folder", key):
        delete_dataset(home, key)
        for asset in home.assets.iterdir() if home.assets.is_dir() else []:
            for directory in [asset, *(p for p in asset.iterdir() if p.is_dir())]:
                _remove(directory, key)
        for directory in home.work.glob(f"**/{key}"):
            shutil.rmtree(directory, ignore_errors=True)
        registry.forget(key)
        with open_instance(home) as instance:
            if instance.has_dynamic_partition(FOLDERS.name or "", key):
                instance.delete_dynamic_partition(FOLDERS.name or "", key)


def _remove(directory: Path, key: str) -> None:
    """Remove `<directory>/<key>` and `<directory>/<key>.<suffix>` of known suffixes."""
    for suffix in ("", ".parquet", ".json", ".lance"):
        path = directory / f"{key}{suffix}"
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
