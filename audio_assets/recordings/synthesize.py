"""A small labelled soundscape, made on the spot for demos and tests, and said to be synthetic."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import numpy as np
import soundfile as sf

from audio_assets.progress import Progress
from audio_assets.recordings.sounds import CLASSES
from audio_assets.storage import atomic_open

SEED = 20_251_122
RATE = 22_050
FOLDS = 5
COLUMNS = ("filename", "fold", "target", "category", "esc10", "src_file", "take")

README = """# Synthetic soundscape

Nothing here was recorded. Every clip was computed by audio-assets
(`audio_assets/recordings/sounds.py`), {clips} clips of {seconds:g} s in {classes} classes, seed
{seed}, {rate} Hz mono, in the layout of ESC-50: `audio/` and `meta/esc50.csv`. The class numbers
are its own; only their tens digit (the major group) means what it means in ESC-50. Good for trying
things out and for tests; figures computed on it say nothing about real sounds.
"""


def synthesize_soundscape(
    root: Path,
    *,
    clips_per_class: int = 12,
    seed: int = SEED,
    seconds: float = 5.0,
    classes: tuple[str, ...] | None = None,
) -> Path:
    """Write the soundscape; the same arguments give the same bytes, whatever was there before.

    Args:
        root: directory, created if need be.
        clips_per_class: how many of each kind; folds 1 to 5 in turn.
        seed: of every random choice.
        seconds: length of a clip.
        classes: only these of `sounds.CLASSES`; all when None.

    Returns:
        `root`.

    Raises:
        StorageError: when a file cannot be written.
        ValueError: when a class is unknown or a number is not positive.
    """
    names = tuple(classes or CLASSES)
    if unknown := set(names) - set(CLASSES):
        raise ValueError(f"unknown classes {sorted(unknown)}; there are {sorted(CLASSES)}")
    if clips_per_class < 1 or seconds <= 0:
        raise ValueError("a soundscape needs at least one clip of positive length")
    rows: list[tuple[object, ...]] = []
    with Progress(len(names) * clips_per_class, "synthesizing", "clips") as progress:
        for name in names:
            target = CLASSES[name][0]
            for clip in range(clips_per_class):
                fold = clip % FOLDS + 1
                filename = f"{fold}-{900000 + target * 1000 + clip}-A-{target}.wav"
                sound = synthesize_clip(name, clip, seed=seed, seconds=seconds)
                _write_wav(root / "audio" / filename, sound)
                rows.append((filename, fold, target, name, False, filename.split("-")[1], "A"))
                progress.update()
    _write_text(root / "meta" / "esc50.csv", _csv(sorted(rows, key=lambda row: str(row[0]))))
    about = README.format(
        clips=len(rows), seconds=seconds, classes=len(names), seed=seed, rate=RATE
    )
    _write_text(root / "README.md", about)
    return root


def synthesize_clip(name: str, clip: int, *, seed: int = SEED, seconds: float = 5.0) -> np.ndarray:
    """One clip of a class.

    Args:
        name: one of `sounds.CLASSES`.
        clip: number; another number is another variation.
        seed: of every random choice.
        seconds: length.

    Returns:
        float32 [seconds · 22,050], peak between 0.1 and 0.9, with a little background noise.
    """
    digest = hashlib.sha256(f"{seed}|{name}|{clip}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    n = max(1, round(seconds * RATE))
    sound = CLASSES[name][1](rng, n, RATE)
    sound = sound / max(1e-9, float(np.abs(sound).max()))
    sound = sound + 10 ** rng.uniform(-3.0, -1.7) * rng.standard_normal(n)
    gain = 10 ** rng.uniform(-0.95, -0.05)
    return (gain * sound / max(1e-9, float(np.abs(sound).max()))).astype(np.float32)


def _write_wav(path: Path, waveform: np.ndarray) -> None:
    buffer = io.BytesIO()
    sf.write(buffer, waveform, RATE, format="WAV", subtype="PCM_16")
    with atomic_open(path) as stream:
        stream.write(buffer.getvalue())


def _write_text(path: Path, text: str) -> None:
    with atomic_open(path) as stream:
        stream.write(text.encode())


def _csv(rows: list[tuple[object, ...]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return buffer.getvalue()
