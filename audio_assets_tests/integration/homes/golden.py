"""Writes a golden home: `python -m audio_assets_tests.integration.homes.golden OUT.tar.xz`.

Once for every format of homes, by the last version that writes it; the archive is kept, so that
later versions are tried on it. Its recordings are tones that this program makes.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf

from audio_assets.backup import back_up
from audio_assets_tests.integration.homes.own_home import OwnHome
from audio_assets_tests.tiny_checkpoint import write_tiny_checkpoint

CLIPS, RATE = 6, 8000


def main() -> None:
    """Make a home with one folder, run it, and pack a copy without the database."""
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="golden-") as scratch:
        own = OwnHome(Path(scratch) / "home")
        write_tiny_checkpoint(own.home.ensure().checkpoints / "tiny")
        folder = own.home.audio / "tones"
        folder.mkdir()
        for i in range(CLIPS):
            time = np.arange(5 * RATE) / RATE
            pitch = 200.0 * (i + 1) * (1 + 0.02 * np.sin(2 * np.pi * (i + 1) * time))
            tone = 0.4 * np.sin(2 * np.pi * np.cumsum(pitch) / RATE)
            sf.write(folder / f"tone{i}.flac", tone, RATE)
        try:
            own.run(folder)
        finally:
            own.call("stop")
        copy = back_up(own.home, Path(scratch) / "golden").target
        shutil.rmtree(copy / ".fiftyone", ignore_errors=True)
        with tarfile.open(target, "w:xz") as archive:
            archive.add(copy, "golden")


if __name__ == "__main__":
    main()
