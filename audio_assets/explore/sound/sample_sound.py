"""From a sample of a data set to the recording and the frames that it is about.

Nothing that a client sends becomes a path: the data set names a registered folder, the sample
(looked up in the database) a window, and the window a row of the folder's recordings table.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson import ObjectId

from audio_assets.errors import ConflictError, NotFoundError, NotMaterializedError
from audio_assets.explore.ledger import KEY, Ledger
from audio_assets.explore.preview_axes import Window, preview_axes
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.loaders.base import is_inside
from audio_assets.radio.statement import RadioSettings
from audio_assets.storage import read_parquet

SAMPLE_ID = re.compile(r"[0-9a-f]{24}")
WINDOW_ID = re.compile(r"([0-9a-f]{16})@(\d{1,15})\+(\d{1,15})")
COLUMNS = ("path", "recording_id", "sample_rate", "frames", "bytes", "mtime_ns", "status")


@dataclass(frozen=True)
class SampleSound:
    """Where the sound of a sample lies.

    Attributes:
        folder: key of the audio folder, which is the data set's name.
        sample_id: FiftyOne's id.
        path: the recording.
        start_frame: first frame of the window, at the recording's own rate.
        frames: length of the window, zeros that pad it not counted.
        sample_rate: of the recording in Hz.
        total_frames: length of the recording.
        document: the sample as it is stored.
        radio: what the folder says of IQ; None in a folder of sound.
    """

    folder: str
    sample_id: str
    path: Path
    start_frame: int
    frames: int
    sample_rate: int
    total_frames: int
    document: dict[str, Any]
    radio: RadioSettings | None = None


class SampleSounds:
    """Finds the sounds of one home's samples; safe for threads.

    Args:
        home: whose folders.
        database: MongoDB database of FiftyOne (pymongo).
    """

    def __init__(self, home: Home, database: Any) -> None:
        self.home, self.database = home, database
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Any, dict[tuple[str, str], dict[str, Any]]]] = {}

    def find(self, dataset: str, sample_id: str) -> SampleSound:
        """The sound of a sample.

        Raises:
            NotFoundError: no such data set of this home, sample, window or recording.
            ConflictError: the recording has changed since its folder was run.
        """
        samples = self.collection(dataset)
        found = SAMPLE_ID.fullmatch(sample_id)
        document = samples.find_one({"_id": ObjectId(sample_id)}) if found else None
        if document is None:
            raise NotFoundError(f"The data set {dataset!r} has no sample of that id.")
        window = WINDOW_ID.fullmatch(str(document.get("window_id")))
        if window is None:
            raise NotFoundError("This sample is no window of a recording.")
        folder = FolderRegistry(self.home).get(dataset)
        row = self._recordings(dataset).get((window[1], str(document.get("path"))))
        if row is None:
            raise NotFoundError(
                f"The recording of this sample is not one of folder {dataset!r} any more. Run the "
                "folder again."
            )
        return SampleSound(
            dataset, sample_id, _unchanged(folder.root, row), int(window[2]), int(window[3]),
            int(row["sample_rate"]), int(row["frames"]), document, folder.radio,
        )  # fmt: skip

    def collection(self, dataset: str) -> Any:
        """The samples of a data set that this package made for a folder of this home.

        Raises:
            NotFoundError: there is none.
        """
        return self.database[self._entry(dataset)["sample_collection_name"]]

    def checkpoints(self, dataset: str) -> list[str]:
        """Checkpoints whose vectors a data set has.

        Raises:
            NotFoundError: there is no such data set.
        """
        ledger = Ledger.model_validate(self._entry(dataset)["info"][KEY])
        return [entry.name for entry in ledger.checkpoints if entry.vectors_hash is not None]

    def preview(self, sound: SampleSound) -> dict[str, float]:
        """Which seconds, from the start of its window, the preview picture of a sample shows."""
        padded = round(float(sound.document.get("padded_s") or 0.0) * sound.sample_rate)
        axes = preview_axes(FolderRegistry(self.home).get(sound.folder))
        window = Window(
            sound.start_frame, sound.frames, padded, sound.sample_rate, sound.total_frames
        )
        start_s, seconds = axes.seconds(window)
        return {"start_s": start_s, "seconds": seconds}

    def _entry(self, dataset: str) -> dict[str, Any]:
        entry = self.database.datasets.find_one(
            {"name": dataset}, {"sample_collection_name": 1, f"info.{KEY}": 1}
        )
        ours = ((entry or {}).get("info") or {}).get(KEY, {}).get("folder")
        if entry is None or ours != dataset or dataset not in FolderRegistry(self.home).load():
            raise NotFoundError(f"There is no audio folder {dataset!r} in this home.")
        return entry

    def _recordings(self, folder: str) -> dict[tuple[str, str], dict[str, Any]]:
        """Rows of the recordings table by (16 digits of the id, path), kept while it is the same.

        Raises:
            NotMaterializedError: the folder was never run.
        """
        table = self.home.asset("raw_audio", folder=folder)
        try:
            status = table.stat()
        except OSError:
            raise NotMaterializedError(
                f"Folder {folder!r} has not been run. Run: audio-assets run FOLDER"
            ) from None
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            kept = self._kept.get(folder)
            if kept is None or kept[0] != stamp:
                rows = read_parquet(table).select(list(COLUMNS)).to_pylist()
                usable = (r for r in rows if r["status"] == "ok")
                kept = stamp, {(r["recording_id"][:16], r["path"]): r for r in usable}
                self._kept[folder] = kept
            return kept[1]


def _unchanged(root: Path, row: dict[str, Any]) -> Path:
    """The file of a recording, when it still is what was scanned."""
    path = root / row["path"]
    try:
        status = path.stat()
    except OSError:
        raise NotFoundError(f"The recording {row['path']!r} is not there any more.") from None
    if not is_inside(path, root):
        raise NotFoundError(f"The recording {row['path']!r} lies outside its folder now.")
    if status.st_size != row["bytes"] or row["mtime_ns"] not in (None, status.st_mtime_ns):
        raise ConflictError(
            f"The recording {row['path']!r} has changed since its folder was run. Run it again."
        )
    return path
