"""The metadata table of a folder: what a loader read, joined to the recordings there are."""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from audio_assets.errors import MetadataError
from audio_assets.loaders.base import AudioDataLoader
from audio_assets.loaders.events import event_tables
from audio_assets.loaders.places.columns import place_columns
from audio_assets.loaders.places.locate import place_files
from audio_assets.loaders.places.source import LOCAL
from audio_assets.loaders.registry import detect_loader, get_loader
from audio_assets.radio.column_types import as_text
from audio_assets.recordings.windows import WindowGrid
from audio_assets.schemas import METADATA
from audio_assets.storage import conform

if TYPE_CHECKING:
    import pandas as pd

    from audio_assets.folders import AudioFolder

DEFAULT_SECONDS = 5.0
MOST_LISTED = 100
RADIO = "rf"
IQ_SAMPLES = 32_768
"""Usual window of IQ: 256 frames of 256 samples half overlapping, a picture of 224 columns."""
MOST_IQ_WINDOWS = 4096
"""Windows of one IQ recording, unless asked for more: 134 million samples without a gap."""
TAKEN = frozenset(METADATA.names) | {"filepath"}


def open_loader(root: Path, folder: AudioFolder | None = None) -> AudioDataLoader:
    """The loader of a folder, detected where it says `auto`.

    Raises:
        UsageError: when the folder names a loader that does not exist.
    """
    name = folder.loader if folder is not None else "auto"
    loader = get_loader(detect_loader(root) if name == "auto" else name)
    if folder is None:
        return loader(root)
    return loader(root, metadata_file=folder.metadata_file, columns=folder.columns)


def default_grid(
    root: Path, loader: str = "auto", input_seconds: float | None = None
) -> WindowGrid:
    """The grid that suits a layout: `clip` for ESC-50's, else `sliding` without overlap.

    Windows of radio are counted in samples, and of a very long recording they are spread over it.

    Args:
        root: the folder.
        loader: `auto` or a loader's name.
        input_seconds: input length of the checkpoint first run on it; 5 s when unknown.
    """
    name = detect_loader(root) if loader == "auto" else loader
    seconds = input_seconds or DEFAULT_SECONDS
    if name == RADIO:
        return WindowGrid.model_validate({"window_samples": IQ_SAMPLES, "most": MOST_IQ_WINDOWS})
    policy = get_loader(name).policy
    return WindowGrid.model_validate({"policy": policy, "window_s": seconds, "hop_s": seconds})


def side_file_hashes(root: Path, folder: AudioFolder | None = None) -> dict[str, str]:
    """SHA-256 of every file that feeds metadata, places or events, for `folder_version`.

    Raises:
        MetadataError: when one cannot be read.
    """
    hashes: dict[str, str] = {}
    sources = folder.places if folder is not None else LOCAL
    own = open_loader(root, folder).side_files()
    for path in [*own, *event_tables(root), *place_files(root, sources)]:
        try:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise MetadataError(f"{path} cannot be read: {error.strerror}.") from error
        hashes[path.relative_to(Path(root).absolute()).as_posix()] = digest
    return hashes


def build_metadata_table(
    root: Path, folder: AudioFolder, recordings: pa.Table, memory: Path | None = None
) -> tuple[pa.Table, dict[str, Any]]:
    """Join a data set's own metadata to its recordings.

    Args:
        root: the folder's directory.
        folder: its settings: loader, mapping, coordinates.
        recordings: the scan.
        memory: file for the answers of network services, where the folder asks any for places.

    Returns:
        Table of the METADATA schema and any custom columns, one row per recording of status `ok`
        or `duplicate`, in the order of `recordings`; and a report: loader, metadata_file, rows,
        matched, rows_without_file, files_without_row (at most 100 each, counts beside), classes,
        renamed_columns, synthetic_coordinates, half_coordinates, places (what each source
        found, and its problems).

    Raises:
        MetadataError: when the table cannot be read or a cell does not fit.
        UsageError: when the folder names a source of places that cannot be used.
    """
    loader = open_loader(root, folder)
    loader.use_keys(recordings["path"].to_pylist())
    frame = loader.load_metadata().set_index("filepath", verify_integrity=True)
    usable = recordings.filter(pa.array(recordings["status"].to_numpy() != "failed"))
    keys = usable["path"].to_pylist()
    known = set(recordings["path"].to_pylist())
    joined = frame.reindex(keys)
    side = [path.relative_to(loader.root).as_posix() for path in loader.side_files()]
    lost = [name for name in frame.index if name not in known]
    bare = [key for key in keys if key not in frame.index]

    columns = _standard_columns(joined, keys, usable)
    places, placed = place_columns(joined, columns, folder, memory)
    columns.update(places)
    custom, renamed = _custom_columns(joined)
    table = conform(pa.table({**columns, **custom}), METADATA, extra=True)
    labels = table["label"].to_pylist()
    return table, {
        "loader": loader.name,
        "metadata_file": side[0] if side else None,
        "rows": len(frame),
        "matched": len(keys) - len(bare),
        "rows_without_file": lost[:MOST_LISTED],
        "rows_without_file_count": len(lost),
        "files_without_row": bare[:MOST_LISTED],
        "files_without_row_count": len(bare),
        "classes": dict(sorted(Counter(label for label in labels if label is not None).items())),
        "renamed_columns": renamed,
        **placed,
    }


def _standard_columns(frame: pd.DataFrame, keys: list[str], recordings: pa.Table) -> dict[str, Any]:
    """The standard columns but for the coordinates; null where the data set has none."""
    columns: dict[str, Any] = {
        "path": pa.array(keys, pa.string()),
        "filename": pa.array([posixpath.basename(key) for key in keys], pa.string()),
        "subfolder": pa.array([_subfolder(key) for key in keys], pa.string()),
        "start_time": recordings["start_time"],
    }
    for field in METADATA:
        if field.name in columns or field.name in ("lat", "lon", "coordinates"):
            continue
        values = frame[field.name] if field.name in frame else [None] * len(keys)
        columns[field.name] = _array(values).cast(field.type)
    for one, other in (("category", "label"), ("label", "category")):
        if one not in frame:
            columns[one] = columns[other]
    return columns


def _custom_columns(frame: pd.DataFrame) -> tuple[dict[str, pa.Array], dict[str, str]]:
    """Columns that are not standard; one whose name is taken gets `_custom` at its end."""
    columns: dict[str, pa.Array] = {}
    renamed: dict[str, str] = {}
    for name in frame.columns:
        text = str(name)
        if text in METADATA.names and text not in ("path", "filename", "subfolder",
                                                   "coordinates", "start_time"):  # fmt: skip
            continue
        free = text
        while free in TAKEN or free in columns:
            free += "_custom"
        if free != text:
            renamed[text] = free
        array = _array(frame[name])
        textual = pa.types.is_null(array.type) or pa.types.is_large_string(array.type)
        columns[free] = array.cast(pa.string()) if textual else array
    return columns, renamed


def _array(values: Any) -> pa.Array:
    """A pandas column as one arrow array, missing values as nulls; text where types differ."""
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        array = pa.array([as_text(value) for value in values], pa.string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _subfolder(key: str) -> str | None:
    return posixpath.dirname(key) or None
