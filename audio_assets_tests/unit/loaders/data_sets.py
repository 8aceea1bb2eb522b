"""Small data sets for the tests of this package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import soundfile as sf

from audio_assets.folders import AudioFolder
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid


def sounds(root: Path, *names: str) -> Path:
    """Write a short, distinct sound under each name."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        form = {"ogg": "OGG", "flac": "FLAC"}.get(path.suffix[1:], "WAV")
        sf.write(path, np.random.default_rng(number).uniform(-0.3, 0.3, 400), 8000, format=form)
    return root


def table(root: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    """Write a metadata table."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def folder(root: Path, **settings) -> AudioFolder:
    """A registered folder, without a registry."""
    return AudioFolder(key="f", root=root, grid=WindowGrid(window_s=1), **settings)


def recordings(root: Path) -> pa.Table:
    return scan_folder(root, workers=1)
