"""The interface of every data set loader (requirements page, "DataLoader Interface")."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_assets.errors import MetadataError
from audio_assets.recordings.listing import audio_keys

if TYPE_CHECKING:
    import pandas as pd


class AudioDataLoader(ABC):
    """Reads one layout of data set below one directory; reads only, and never outside it.

    Args:
        root: directory of the data set.
        metadata_file: table to use instead of the one found, relative to `root`.
        columns: standard column → the table's own name for it, e.g. `{"label": "species"}`.
        spectrogram_dir: where previews or arrays lie, if any were made.
    """

    name = ""
    policy = "sliding"
    """Window policy that suits the layout: `clip` or `sliding`."""

    def __init__(
        self,
        root: Path,
        *,
        metadata_file: str | None = None,
        columns: Mapping[str, str] | None = None,
        spectrogram_dir: Path | None = None,
    ) -> None:
        self.root = Path(root).absolute()
        self.metadata_file = metadata_file
        self.columns = dict(columns or {})
        self.spectrogram_dir = spectrogram_dir
        self._keys: list[str] | None = None

    @classmethod
    @abstractmethod
    def detect(cls, root: Path) -> bool:
        """Whether `root` has this layout."""

    @abstractmethod
    def load_metadata(self) -> pd.DataFrame:
        """Load metadata with the standard schema.

        Returns:
            One row per row of the data set's own table (per file where it has none), with columns
            filepath (str, relative to the root, '/' separated), label, lat, lon, then the
            standard ones that the data set has, then custom ones.

        Raises:
            MetadataError: naming file, row, column, what was found and what to do.
        """

    def side_files(self) -> list[Path]:
        """Files beside the recordings that feed the metadata; their bytes enter the version."""
        return []

    def audio_keys(self) -> list[str]:
        """Relative paths of the audio files, sorted; walked once."""
        if self._keys is None:
            self._keys = audio_keys(self.root)
        return self._keys

    def use_keys(self, keys: list[str]) -> None:
        """Take these relative paths for the audio files, instead of walking the directory."""
        self._keys = sorted(keys)

    def get_audio_paths(self) -> list[Path]:
        """Absolute paths of the audio files, sorted."""
        return [self.root / key for key in self.audio_keys()]

    def get_spectrogram_paths(self) -> dict[str, Path]:
        """Mapping from an audio file's relative path to its spectrogram, of those that exist.

        A spectrogram lies in `spectrogram_dir` under the audio's relative path or bare name, with
        the suffix `.npy` or `.png`.
        """
        if self.spectrogram_dir is None:
            return {}
        found: dict[str, Path] = {}
        for key in self.audio_keys():
            whole = self.spectrogram_dir / key
            places = (whole, self.spectrogram_dir / whole.name)
            options = (place.with_suffix(suffix) for place in places for suffix in (".npy", ".png"))
            path: Any = next((p for p in options if p.is_file()), None)
            if path is not None:
                found[key] = path
        return found


def inside(root: Path, name: str) -> Path:
    """A metadata file below the root.

    Raises:
        MetadataError: when it lies outside, also through a link, or is not there.
    """
    path = root / name
    if not is_inside(path, root):
        raise MetadataError(f"The metadata file {name!r} lies outside {root}. Copy it there.")
    if not path.is_file():
        raise MetadataError(f"The metadata file {path} does not exist. Correct its name.")
    return path


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path lies below the root once every link is followed; False of links in circles."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def files_below(root: Path, suffix: str) -> list[Path]:
    """Regular files below a root whose names end so, whatever the case; sorted.

    Pipes, directories and links that lead out may have such a name, too: they are left out.
    Folders that cannot be opened are passed over, hidden ones are not.
    """
    found = (
        Path(folder, name)
        for folder, _, names in os.walk(root)
        for name in names
        if name.lower().endswith(suffix)
    )
    return sorted(path for path in found if _is_file(path) and is_inside(path, root))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a path that is too long, a folder that is locked
        return False
