"""The home: one directory that holds all state, and where each part of it lies."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from audio_assets.errors import UsageError
from audio_assets.settings import PROJECT_DIR, Settings, load_settings

SHIPPED_CHECKPOINTS = PROJECT_DIR / "checkpoints"
ASSET_SUFFIXES = {"spectrograms": "", "model_checkpoint": ".json", "fiftyone_dataset": ".json"}
FORMAT = 1
"""Of what lies in a home; a version that writes it otherwise counts on, and migrates or refuses."""

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Home:
    """Paths inside one home; nothing here touches the disk except `ensure`."""

    root: Path

    @classmethod
    def of(cls, settings: Settings | None = None) -> Home:
        """The home that the settings name, as an absolute path."""
        return cls((settings or load_settings()).home.expanduser().resolve())

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def audio(self) -> Path:
        return self.data / "audio"

    @property
    def assets(self) -> Path:
        return self.data / "assets"

    @property
    def work(self) -> Path:
        """Unfinished work (shards); safe to delete when nothing runs."""
        return self.data / "work"

    @property
    def locks(self) -> Path:
        return self.data / "locks"

    @property
    def edits(self) -> Path:
        """People's edits, append-only."""
        return self.data / "edits"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def folders_file(self) -> Path:
        return self.root / "folders.yaml"

    @property
    def fiftyone(self) -> Path:
        """FiftyOne's own state, mongod's data directory included."""
        return self.root / ".fiftyone"

    @property
    def format_file(self) -> Path:
        """Says which `FORMAT` the home has; a home without it has the first."""
        return self.root / "home.json"

    def asset(self, name: str, *, checkpoint: str | None = None, folder: str | None = None) -> Path:
        """Where one partition of an asset lies: a file, or the directory of `spectrograms`.

        Args:
            name: the asset, such as "embeddings".
            checkpoint: for assets partitioned by checkpoint.
            folder: for assets partitioned by folder.
        """
        parts = [part for part in (checkpoint, folder) if part is not None]
        suffix = ASSET_SUFFIXES.get(name, ".parquet")
        return self.assets.joinpath(name, *parts[:-1], parts[-1] + suffix)

    def ensure(self) -> Home:
        """Create the directories, and look whether this version knows what lies in them.

        Raises:
            UsageError: when the home cannot be created or written, or a newer version wrote it.
        """
        self._check_format()
        try:
            for path in (self.audio, self.assets, self.work, self.locks, self.checkpoints):
                path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"The home {self.root} cannot be used: {error.strerror}. "
                "Set AUDIO_ASSETS_HOME to a directory that you can write."
            ) from error
        if not self.format_file.exists():
            self._write_format()
        return self

    def _check_format(self) -> None:
        try:
            found = json.loads(self.format_file.read_text("utf-8"))["format"]
        except (FileNotFoundError, NotADirectoryError):
            return  # the second: a file stands where the home would be, which `ensure` says
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{self.format_file} cannot be read: {error}. It says which version wrote this "
                'home; if that was this one, write {"format": 1} into it.'
            ) from error
        if not isinstance(found, int) or found > FORMAT:
            raise UsageError(
                f"The home {self.root} was written by a newer version (format {found}; this one "
                f"knows {FORMAT}). Use a newer audio-assets, or another AUDIO_ASSETS_HOME."
            )

    def _write_format(self) -> None:
        fresh = self.root / f".tmp-home.json-{os.getpid()}"
        with suppress(OSError):  # a home that is only read needs no mark
            fresh.write_text(json.dumps({"format": FORMAT}) + "\n")
            os.replace(fresh, self.format_file)


def slug(text: str) -> str:
    """A partition key from any name: letters, digits, `._-`; unicode is folded, the rest hashed in.

    Two different names give two different slugs unless they differ only in the case or accents
    of letters; the registry refuses those by name.
    """
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folded).strip("-._")[:80]
    if not name:
        name = "folder-" + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return name


def check_slug(name: str, what: str) -> str:
    """Return `name` when it is a slug.

    Raises:
        UsageError: when it could not be a partition key or a directory name.
    """
    if not SLUG.fullmatch(name) or name.endswith("..."):
        raise UsageError(
            f"{what} {name!r} is not usable: 1 to 100 letters, digits, '.', '_' or '-', "
            f"starting with a letter or digit. Try {slug(name)!r}."
        )
    return name
