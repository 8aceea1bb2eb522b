"""ESC-50 and everything in its layout: `audio/` and `meta/esc50.csv`, here or one level down."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from audio_assets.errors import MetadataError
from audio_assets.loaders.base import AudioDataLoader, inside, is_inside
from audio_assets.loaders.matching import FileIndex
from audio_assets.loaders.registry import register_loader

if TYPE_CHECKING:
    import pandas as pd

TABLE = "meta/esc50.csv"
MAJOR_GROUPS = ("animals", "nature", "human", "interior", "urban")
"""ESC-50's five groups of ten classes each, in the order of the target number."""


def major_group(target: int | None) -> str | None:
    """Group of an ESC-50 class number (0–49); None for any other."""
    return MAJOR_GROUPS[target // 10] if target is not None and 0 <= target < 50 else None


@register_loader("esc50")
class Esc50Loader(AudioDataLoader):
    """K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", 2015.

    A row finds its file by stem, so that `.wav` in the table matches `.ogg` on disk.
    """

    policy = "clip"

    @classmethod
    def detect(cls, root: Path) -> bool:
        """Whether there is a `meta/esc50.csv` here or in exactly one sub-folder."""
        return len(_tables(root)) == 1

    def table_path(self) -> Path:
        """The CSV file.

        Raises:
            MetadataError: when there is none, or more than one.
        """
        if self.metadata_file is not None:
            return inside(self.root, self.metadata_file)
        tables = _tables(self.root)
        if len(tables) != 1:
            found = ", ".join(str(t) for t in tables) or "none"
            raise MetadataError(
                f"{self.root} has no single {TABLE} (found: {found}). Name the table, or use "
                "the loader 'custom'."
            )
        return tables[0]

    def side_files(self) -> list[Path]:
        return [self.table_path()]

    def load_metadata(self) -> pd.DataFrame:
        path = self.table_path()
        mapping = {"filepath": "filename", **self.columns}
        from audio_assets.loaders.schema import refuse_duplicates, standardize  # pandera: slow
        from audio_assets.loaders.table_reader import named, read_table, rename

        table = rename(read_table(path), mapping, path)
        if "target" not in table and "category" not in table:
            raise MetadataError(
                f"{path}: found the columns {named(table.columns)}, expected "
                "ESC-50's filename, fold, target, category. Correct the header, or use the loader "
                "'custom'."
            )
        index = FileIndex(self.audio_keys(), _audio_folders(path, self.root))
        names = table["filepath"].tolist()
        for row, name in table["filepath"].items():
            if not isinstance(name, str):
                raise MetadataError(f"{path}, row {row}, column 'filename': is empty. Name a file.")
        table["filepath"] = [index.find(name) or name for name in names]
        refuse_duplicates(table, path)
        table = standardize(table, path)
        if "category" in table and "label" not in table:
            table["label"] = table["category"]
        if "target" in table and "major_group" not in table:
            numbers = table["target"].astype(object).where(table["target"].notna(), None)
            table["major_group"] = [major_group(number) for number in numbers]
        for name in ("lat", "lon"):
            if name not in table:
                table[name] = float("nan")
        return table


def _tables(root: Path) -> list[Path]:
    """`meta/esc50.csv` directly below `root`, else those one level down."""
    if (root / TABLE).is_file() and is_inside(root / TABLE, root):
        return [root / TABLE]
    try:
        below = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError:
        return []
    return [p / TABLE for p in below if (p / TABLE).is_file() and is_inside(p / TABLE, root)]


def _audio_folders(table: Path, root: Path) -> list[str]:
    """Directories that file names are relative to: `audio/` beside `meta/`, then its parent."""
    base = PurePosixPath(table.parent.parent.relative_to(root).as_posix())
    return [str(base / "audio"), str(base)]
