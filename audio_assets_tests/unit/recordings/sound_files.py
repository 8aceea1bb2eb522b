"""Small real sound files for the tests of this package."""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path

import numpy as np
import soundfile as sf


def noise(seconds: float = 0.5, rate: int = 8000, seed: int = 0, channels: int = 1) -> np.ndarray:
    """Coloured noise, float32 [n] or [n, channels]."""
    rng = np.random.default_rng(seed)
    shape = (round(seconds * rate),) if channels == 1 else (round(seconds * rate), channels)
    return (0.1 * rng.standard_normal(shape)).clip(-0.9, 0.9).astype(np.float32)


def write(path: Path, waveform: np.ndarray | None = None, rate: int = 8000, **options: str) -> Path:
    """Write a sound file; half a second of noise when no waveform is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = noise(seed=zlib.crc32(path.name.encode())) if waveform is None else waveform
    options.setdefault("format", sf.default_subtype and path.suffix[1:].upper())
    sf.write(path, sound, rate, **options)
    return path


def age(root: Path) -> None:
    """Wait until every file is old enough for its change time to be trusted."""
    for path in root.rglob("*"):
        os.utime(path, (1_600_000_000, 1_600_000_000), follow_symlinks=False)
    time.sleep(0.05)
