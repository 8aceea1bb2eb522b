"""The folder registry: `folders.yaml` in the home, the only place with absolute paths.

Folders inside the home are written relative to it, so that a home can be moved or restored.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from audio_assets.audio_folder import AudioFolder as AudioFolder
from audio_assets.audio_folder import FolderTransform as FolderTransform
from audio_assets.errors import StorageError, UsageError
from audio_assets.file_locks import LOCK_SECONDS, locked
from audio_assets.home import Home, check_slug, slug
from audio_assets.recordings.windows import WindowGrid
from audio_assets.storage import atomic_open

Result = TypeVar("Result")

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""libyaml's, ten times as quick, where PyYAML was built with it: requests wait for this file."""

HEADER = "# Registered audio folders; written by audio-assets, safe to read, edit with care.\n"


class FolderRegistry:
    """Reads and writes `folders.yaml`; every change is atomic and under a lock between processes.

    Args:
        home: the home whose folders these are.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.file = home.folders_file

    def load(self) -> dict[str, AudioFolder]:
        """All folders by key, sorted.

        Raises:
            StorageError: when the file is damaged, with the place.
        """
        try:
            found = yaml.load(self.file.read_text("utf-8"), Loader=LOADER)  # noqa: S506 (a safe one)
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise StorageError(f"{self.file} cannot be read: {error}. Mend it.") from error
        try:
            entries = dict((found or {}).get("folders") or {})
            folders = (AudioFolder(key=key, **entries[key]) for key in sorted(entries))
            return {folder.key: self._placed(folder) for folder in folders}
        except (ValidationError, TypeError, ValueError, AttributeError, UsageError) as error:
            raise StorageError(f"{self.file} is not a folder list: {error}. Mend it.") from error

    def keys(self) -> list[str]:
        """Keys of all folders, sorted."""
        return list(self.load())

    def get(self, key: str) -> AudioFolder:
        """The folder of that key.

        Raises:
            UsageError: when there is none, with the ones there are.
        """
        folders = self.load()
        if key not in folders:
            known = ", ".join(folders) or "none yet; 'audio-assets run FOLDER' registers one"
            raise UsageError(f"There is no audio folder {key!r}. Registered: {known}.")
        return folders[key]

    def register(self, root: Path | str, name: str | None = None, **settings: Any) -> AudioFolder:
        """Register a directory, or update the one registered already.

        Args:
            root: any directory.
            name: key wanted; else the key it has already, else a slug of the directory's name.
            **settings: fields of AudioFolder to set; those not given, or None, stay as they are.

        Raises:
            UsageError: when `root` is no directory, or the name belongs to another directory.
        """
        path = Path(root).expanduser().resolve()
        if not path.is_dir():
            raise UsageError(f"{root} is not a directory. Give the path of a folder of recordings.")
        given = {key: value for key, value in settings.items() if value is not None}

        def change(folders: dict[str, AudioFolder]) -> AudioFolder:
            key = check_slug(name, "The folder name") if name else _key_of(path, folders)
            old = _owner(key, path, folders)
            fields = {**(old.model_dump() if old else {"key": key}), **given}
            _check_loader(fields.get("loader", "auto"))
            if "grid" not in fields:
                fields["grid"] = _default_grid(path, fields)
            folder = AudioFolder.model_validate({**fields, "root": path, "state": "present"})
            folders[folder.key] = folder
            return folder

        return self._change(change)

    def update(self, key: str, **settings: Any) -> AudioFolder:
        """Set fields of a registered folder, None included; its root may be gone.

        Raises:
            UsageError: when there is no such folder or a value does not fit.
        """

        def change(folders: dict[str, AudioFolder]) -> AudioFolder:
            if key not in folders:
                raise UsageError(f"There is no audio folder {key!r}.")
            fields = {**folders[key].model_dump(), **settings, "key": key}
            folders[key] = AudioFolder.model_validate(fields)
            return folders[key]

        return self._change(change)

    def mark_missing(self, key: str) -> AudioFolder:
        """Note that the directory vanished; everything computed from it stays."""
        return self.update(key, state="missing")

    def mark_present(self, key: str) -> AudioFolder:
        """Note that the directory is back."""
        return self.update(key, state="present")

    def mark_interrupted(self, key: str) -> None:
        """Note that it, or a recording of it, was away while it was read: the next scan is news."""

        def change(folders: dict[str, AudioFolder]) -> None:
            if folder := folders.get(key):  # None: forgotten meanwhile
                count = folder.interruptions + 1
                folders[key] = folder.model_copy(update={"interruptions": count})

        self._change(change)

    def forget(self, key: str) -> None:
        """Remove the entry; the recordings themselves are never touched.

        Raises:
            UsageError: when there is no such folder.
        """

        def change(folders: dict[str, AudioFolder]) -> None:
            if folders.pop(key, None) is None:
                raise UsageError(f"There is no audio folder {key!r} to forget.")

        self._change(change)

    def _change(self, change: Callable[[dict[str, AudioFolder]], Result]) -> Result:
        """Load, change and write under the lock; an unchanged registry is not rewritten."""
        lock = self.home.locks / "folders.lock"
        try:
            with locked(lock, LOCK_SECONDS):
                folders = self.load()
                before = self._dump(folders)
                result = change(folders)
                if self._dump(folders) != before:
                    with atomic_open(self.file) as stream:
                        stream.write(self._dump(folders).encode())
                return result
        except ValidationError as error:
            problems = "; ".join(f"{e['loc']}: {e['msg']}" for e in error.errors())
            raise UsageError(f"These folder settings do not fit: {problems}.") from error

    def _placed(self, folder: AudioFolder) -> AudioFolder:
        if folder.root.is_absolute():
            return folder
        return folder.model_copy(update={"root": self.home.root / folder.root})

    def _dump(self, folders: dict[str, AudioFolder]) -> str:
        entries = {key: folders[key].entry() for key in sorted(folders)}
        for key, entry in entries.items():
            if folders[key].root.is_relative_to(self.home.root):
                entry["root"] = folders[key].root.relative_to(self.home.root).as_posix()
        return HEADER + yaml.dump(
            {"folders": entries}, Dumper=DUMPER, sort_keys=False, allow_unicode=True
        )


def _check_loader(name: str) -> None:
    """Refuse a loader that does not exist."""
    from audio_assets.loaders.registry import get_loader

    if name != "auto":
        get_loader(name)


def _default_grid(root: Path, fields: dict[str, Any]) -> WindowGrid:
    """The grid that suits the layout of `root`."""
    from audio_assets.loaders.metadata_table import default_grid

    return default_grid(root, fields.get("loader", "auto"), fields.get("input_seconds"))


def _key_of(root: Path, folders: dict[str, AudioFolder]) -> str:
    """The key a root has already, else the slug of its name.

    A root registered under several names (other window grids) must say which one is meant,
    unless one of them is the slug of its name.
    """
    natural = slug(root.name or "root")
    keys = [key for key, folder in folders.items() if folder.root == root]
    if not keys or natural in keys:
        return natural
    if len(keys) == 1:
        return keys[0]
    raise UsageError(f"{root} is registered as {', '.join(keys)}; say which with --name.")


def _owner(key: str, root: Path, folders: dict[str, AudioFolder]) -> AudioFolder | None:
    """The folder registered under `key`, whatever its case.

    Raises:
        UsageError: when it is another directory.
    """
    for other, folder in folders.items():
        if other.lower() == key.lower():
            if folder.root != root:
                raise UsageError(
                    f"The name {key!r} already belongs to the folder {folder.root}. "
                    f"Register {root} under another one with --name NAME."
                )
            return folder
    return None
