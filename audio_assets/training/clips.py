"""Labelled clips in memory: an ESC-50-layout folder decoded to waveforms of one rate and length."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from audio_assets.errors import RecordingError


@dataclass(frozen=True)
class Clips:
    """Clips with labels.

    Attributes:
        waveforms: float32 [N, samples].
        classes: class index of each clip, int64 [N], 0 .. len(names) - 1.
        folds: fold of each clip, int64 [N].
        names: class names by index.
        files: file names.
    """

    waveforms: NDArray[np.float32]
    classes: NDArray[np.int64]
    folds: NDArray[np.int64]
    names: tuple[str, ...]
    files: tuple[str, ...]

    def of_folds(self, folds: tuple[int, ...]) -> Clips:
        """Return the clips of some folds."""
        chosen = np.isin(self.folds, folds)
        files = tuple(name for name, keep in zip(self.files, chosen, strict=True) if keep)
        return Clips(
            self.waveforms[chosen], self.classes[chosen], self.folds[chosen], self.names, files
        )


def fold_numbers(folder: Path) -> set[int]:
    """Return the folds that a folder's table has.

    Raises:
        RecordingError: when the table is missing.
    """
    return {int(row["fold"]) for row in _rows(folder)}


def load_clips(folder: Path, sample_rate: int, samples: int, folds: tuple[int, ...]) -> Clips:
    """Decode the clips of an ESC-50-layout folder (``meta/esc50.csv``, ``audio/``).

    Args:
        folder: the data set's directory.
        sample_rate: rate to resample to, in hertz.
        samples: length to pad or cut to, in samples.
        folds: folds to read; the files of other folds are not opened.

    Returns:
        The clips, in the order of the table.

    Raises:
        RecordingError: when the table is missing or names no clip of these folds.
    """
    rows = [row for row in _rows(folder) if int(row["fold"]) in folds]
    if not rows:
        raise RecordingError(f"{folder} lists no clip in folds {folds}; choose folds that it has.")
    names = sorted({row["category"] for row in rows})
    waveforms = np.stack(
        [read_waveform(folder / "audio" / row["filename"], sample_rate, samples) for row in rows]
    )
    return Clips(
        waveforms=waveforms,
        classes=np.array([names.index(row["category"]) for row in rows]),
        folds=np.array([int(row["fold"]) for row in rows]),
        names=tuple(names),
        files=tuple(row["filename"] for row in rows),
    )


def read_waveform(path: Path, sample_rate: int, samples: int) -> NDArray[np.float32]:
    """Decode one file to mono at a rate, padded with zeros on the right or cut to a length.

    Args:
        path: the file.
        sample_rate: rate to resample to, in hertz.
        samples: length in samples.

    Returns:
        float32 [samples].

    Raises:
        RecordingError: when the file cannot be decoded.
    """
    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise RecordingError(f"{path} cannot be decoded: {error}.") from error
    mono = soxr.resample(sound.mean(axis=1), rate, sample_rate, quality="HQ")[:samples]
    return np.pad(mono, (0, samples - len(mono))).astype(np.float32)


def _rows(folder: Path) -> list[dict[str, str]]:
    table = folder / "meta" / "esc50.csv"
    if not table.is_file():
        raise RecordingError(
            f"{table} is missing; training needs a folder in the ESC-50 layout (meta/, audio/)."
        )
    with table.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
