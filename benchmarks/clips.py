"""Clips for the cases: real recordings, each written again in many variations."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from benchmarks.case import Skipped

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}
RATE = 44_100
SECONDS = 5


def audio_files(recordings: Path) -> list[Path]:
    """Recordings of a folder, sorted.

    Raises:
        Skipped: there are none.
    """
    files = sorted(p for p in recordings.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        raise Skipped(f"{recordings} holds no recordings; name a folder with --recordings")
    return files


def vary(recordings: Path, target: Path, count: int, seed: int = 51) -> list[Path]:
    """Write `count` clips of five seconds in the ESC-50 layout, no two alike.

    Each is one of the recordings, rolled in time, at another level, with a little noise of its
    own: cheap to make, and neither content hashes nor vectors of two of them are equal.

    Args:
        recordings: what they are made of.
        target: directory of the data set; `audio/` and `meta/esc50.csv` are made in it.
        count: how many.
        seed: of the variations.

    Returns:
        The clips, 44.1 kHz OGG (Vorbis) as the shipped ESC-10, sorted.
    """
    import soundfile as sf
    import soxr

    sources = audio_files(recordings)
    rng = np.random.default_rng(seed)
    (target / "audio").mkdir(parents=True)
    (target / "meta").mkdir()
    rows, files = [], []
    sounds: dict[Path, np.ndarray] = {}
    for number in range(count):
        source = sources[number % len(sources)]
        if source not in sounds:
            sound, rate = sf.read(source, dtype="float32", always_2d=True)
            sound = sound[: SECONDS * rate, 0]
            sound = sound if rate == RATE else soxr.resample(sound, rate, RATE)
            sounds[source] = np.resize(sound, SECONDS * RATE).astype(np.float32)
        sound = np.roll(sounds[source], int(rng.integers(RATE * SECONDS)))
        sound = sound * rng.uniform(0.4, 1.0) + rng.normal(0, 1e-3, sound.shape)
        file = target / "audio" / f"{1 + number % 5}-{number:06d}-A-{number % 10}.ogg"
        sf.write(file, np.clip(sound, -1, 1).astype(np.float32), RATE, "VORBIS", format="OGG")
        files.append(file)
        rows.append([file.name, 1 + number % 5, number % 10, f"class {number % 10}", True, number])
    with (target / "meta" / "esc50.csv").open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(["filename", "fold", "target", "category", "esc10", "src_file"])
        writer.writerows(rows)
    return sorted(files)
