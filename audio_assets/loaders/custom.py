"""Any folder: with a table of whatever columns, or with no table at all."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from audio_assets.errors import MetadataError
from audio_assets.loaders.base import AudioDataLoader, inside
from audio_assets.loaders.matching import FileIndex
from audio_assets.loaders.registry import register_loader

if TYPE_CHECKING:
    import pandas as pd

TABLE_NAMES = ("metadata", "meta", "labels", "annotations")
TABLE_FOLDERS = ("", "meta", "metadata")
SUFFIXES = (".csv", ".tsv", ".parquet")
SYNONYMS = {
    "filepath": "filepath file_path filename file_name path file audio_path audio_file audio fname "
    "recording wav_file wav",
    "label": "label class class_name category species common_name",
    "lat": "lat latitude decimallatitude",
    "lon": "lon lng long longitude decimallongitude",
}
"""Names, without case and with `_` for blanks, that a column may have when no mapping is given."""

PLAIN_FOLDERS = frozenset({"audio", "wav", "wavs", "flac", "data", "sounds", "recordings", "clips"})
"""Sub-folder names that say nothing about what is in them."""


@register_loader("custom")
class CustomLoader(AudioDataLoader):
    """A table found by name, or named with a column mapping; else labels from sub-folders."""

    policy = "sliding"

    @classmethod
    def detect(cls, root: Path) -> bool:
        """Always: this is the loader of last resort."""
        return True

    def table_path(self) -> Path | None:
        """The table: the one named, else `metadata.csv` and its like; None when there is none."""
        if self.metadata_file is not None:
            return inside(self.root, self.metadata_file)
        for folder in TABLE_FOLDERS:
            for name in TABLE_NAMES:
                for suffix in SUFFIXES:
                    relative = PurePosixPath(folder) / (name + suffix)
                    if (self.root / relative).is_file():
                        return inside(self.root, str(relative))
        return None

    def side_files(self) -> list[Path]:
        path = self.table_path()
        return [] if path is None else [path]

    def load_metadata(self) -> pd.DataFrame:
        path = self.table_path()
        if path is None:
            if self.columns:
                raise MetadataError(
                    f"{self.root}: a column mapping is given, but no table is found. Name it "
                    "(metadata_file), or call it metadata.csv."
                )
            return self._from_folders()
        from audio_assets.loaders.schema import refuse_duplicates, standardize  # pandera: slow
        from audio_assets.loaders.table_reader import read_table

        table = self._named(read_table(path), path)
        index = FileIndex(self.audio_keys(), _prefixes(path, self.root))
        for row, name in table["filepath"].items():
            if not isinstance(name, str):
                raise MetadataError(
                    f"{path}, row {row}, column 'filepath': found {name!r}, expected the name of "
                    "a file. Fill it in or remove the row."
                )
        table["filepath"] = [index.find(name) or name for name in table["filepath"]]
        refuse_duplicates(table, path)
        table = standardize(table, path)
        for name, empty in (("label", None), ("lat", float("nan")), ("lon", float("nan"))):
            if name not in table:
                table[name] = empty
        return table

    def _named(self, table: pd.DataFrame, path: Path) -> pd.DataFrame:
        """Give the table its standard names: as mapped, the others by synonyms.

        Raises:
            MetadataError: when no column names the files.
        """
        from audio_assets.loaders.table_reader import named, rename

        mapped = rename(table, self.columns, path)
        taken = set(self.columns)
        for standard, names in SYNONYMS.items():
            if standard in mapped:
                continue
            plain = {_plain(c): c for c in reversed(mapped.columns) if c not in taken}
            found = next((plain[name] for name in names.split() if name in plain), None)
            if found is None:
                continue
            if standard == "label":
                mapped["label"] = mapped[found]
            else:
                mapped = mapped.rename(columns={found: standard})
        if "filepath" not in mapped:
            raise MetadataError(
                f"{path}: no column names the files; found "
                f"{named(table.columns)}. Call one 'filename', or map it: "
                "filepath = its name."
            )
        return mapped

    def _from_folders(self) -> pd.DataFrame:
        """One row per file; its label is the folder that it lies in, if that says something."""
        import pandas as pd

        keys = self.audio_keys()
        table = pd.DataFrame({"filepath": keys}, dtype=object)
        table["label"] = pd.Series([_folder_label(key) for key in keys], dtype=object)
        table["lat"] = table["lon"] = float("nan")
        return table


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _folder_label(key: str) -> str | None:
    parent = PurePosixPath(key).parent.name
    return parent if parent and parent.lower() not in PLAIN_FOLDERS else None


def _prefixes(table: Path, root: Path) -> list[str]:
    """Directories that names may be relative to: the table's own, and `audio/` in both."""
    base = PurePosixPath(table.parent.relative_to(root).as_posix())
    return [str(base), str(base / "audio"), "audio"]
