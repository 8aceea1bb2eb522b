"""What is known of every window of a folder of radio: a table, and a constellation picture each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from audio_assets.encoding.inputs import Readers
from audio_assets.encoding.jobs import Recording, recordings_by_path
from audio_assets.encoding.pipeline import ordered_map
from audio_assets.encoding.previews import png_name
from audio_assets.errors import AudioAssetsError, StorageError
from audio_assets.progress import Progress
from audio_assets.radio.captures import frequency_at, known_layout, time_at
from audio_assets.radio.labels import has_labels, labels_of
from audio_assets.radio.occupancy import BANDS, occupancy_of
from audio_assets.radio.span import read_window
from audio_assets.schemas import UTC
from audio_assets.storage import read_parquet, write_parquet
from audio_assets.transforms.iq_constellation import IqConstellation
from audio_assets.transforms.spectrogram_png import write_preview_png

FACTS, PICTURES = "radio.parquet", "constellation"
VERSION = 3
CHUNK = 512
SCHEMA = pa.schema(
    [
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("center_frequency", pa.float64()),  # Hz, in the middle of the window
        pa.field("label", pa.string()),  # of the annotation that covers most of it
        pa.field("annotations", pa.list_(pa.string())),  # labels of all that touch it
        pa.field("annotated", pa.bool_()),  # whether its recording has labels at all
        pa.field("start_time", UTC),  # by the capture that it begins in
        pa.field("level_db", pa.float32()),
        pa.field("noise_floor_db", pa.float32()),
        pa.field("occupancy", pa.float32()),
        pa.field("occupied_time", pa.float32()),
        pa.field("occupied_band", pa.float32()),
        pa.field("band_occupancy", pa.list_(pa.float32(), BANDS)),
    ]
)
MEASURED = ("level_db", "noise_floor_db", "occupancy", "occupied_time", "occupied_band",
            "band_occupancy")  # fmt: skip


@dataclass(frozen=True)
class _Window:
    window_id: str
    start: int
    frames: int
    recording: Recording


def compute_window_facts(
    root: Path, recordings: pa.Table, out_dir: Path, *, workers: int = 0
) -> int:
    """Bring the table and the constellations of a folder up to date.

    Windows measured before are not read again; frequencies and labels are taken anew from the
    metadata every time.

    Args:
        root: the folder.
        recordings: table of the RECORDINGS schema, marked as radio, with its grid.
        out_dir: the folder's spectrogram directory.
        workers: threads; 0 takes one per processor.

    Returns:
        How many windows were measured.

    Raises:
        StorageError: the disk refuses.
    """
    from audio_assets.recordings.windows import grid_of, make_windows

    windows = make_windows(recordings, grid_of(recordings))
    files = recordings_by_path(root, recordings)
    known = _known(out_dir)
    pictures = out_dir / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    drawn = {entry.name for entry in os.scandir(pictures)}
    todo = [
        w for w in _windows(windows, files)
        if w.window_id not in known or png_name(w.window_id) not in drawn
    ]  # fmt: skip
    painter = _Painter(pictures)
    with painter.readers, Progress(len(todo), "constellations", "windows") as progress:
        for window, measured in ordered_map(painter.measure, iter(todo), workers=workers):
            known[window.window_id] = measured
            progress.update()
    rows = [
        {"window_id": w.window_id, **_of_metadata(w), **known.get(w.window_id, {})}
        for w in _windows(windows, files)
    ]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    write_parquet(out_dir / FACTS, table.replace_schema_metadata({"version": str(VERSION)}))
    for name in drawn - {png_name(row["window_id"]) for row in rows}:
        (pictures / name).unlink(missing_ok=True)
    return len(todo)


def read_window_facts(out_dir: Path) -> pa.Table | None:
    """The table of a folder; None where there is none."""
    path = out_dir / FACTS
    return read_parquet(path) if path.is_file() else None


class _Painter:
    """Measures windows and draws their constellations, in threads."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.readers = directory, Readers()
        self._constellation = IqConstellation()

    def measure(self, window: _Window) -> tuple[_Window, dict[str, Any]]:
        """Read one window once; nothing is known of one that cannot be read."""
        recording = window.recording
        try:
            reader = self.readers.get(recording.file, recording.radio)
            samples = read_window(reader, window.start, window.frames)
            picture = self._constellation(samples[None])[0]
        except AudioAssetsError:
            self.readers.drop()
            return window, {}
        try:
            write_preview_png(picture, self.directory / png_name(window.window_id))
        except OSError as error:
            raise StorageError(f"{self.directory}: {error.strerror or error}.") from error
        found = occupancy_of(samples)
        values = (found.level_db, found.floor_db, found.cells, found.time, found.band,
                  found.bands.tolist())  # fmt: skip
        return window, dict(zip(MEASURED, values, strict=True))


def _known(out_dir: Path) -> dict[str, dict[str, Any]]:
    """Measurements of an earlier run by window."""
    try:
        table = read_window_facts(out_dir)
    except StorageError:
        return {}
    if table is None or (table.schema.metadata or {}).get(b"version") != str(VERSION).encode():
        return {}
    rows = table.select(["window_id", *MEASURED]).to_pylist()
    return {row.pop("window_id"): row for row in rows if row["level_db"] is not None}


def _windows(windows: pa.Table, files: dict[str, Recording]) -> Iterator[_Window]:
    columns = (windows[n].to_pylist() for n in ("window_id", "start_frame", "frames", "path"))
    for window_id, start, frames, path in zip(*columns, strict=True):
        yield _Window(window_id, start, frames, files[path])


def _of_metadata(window: _Window) -> dict[str, Any]:
    recording = window.recording
    layout = known_layout(recording.file, recording.radio)
    middle = window.start + window.frames // 2
    labels = labels_of(layout, window.start, window.start + window.frames)
    return {
        "center_frequency": frequency_at(layout, middle, recording.radio),
        "label": labels[0] if labels else None,
        "annotations": sorted(labels) or None,
        "annotated": has_labels(layout),
        "start_time": time_at(layout, window.start),
    }
