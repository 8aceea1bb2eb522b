"""`make demo`: which folders to run on when the user names none."""

from __future__ import annotations

import sys
from pathlib import Path

from audio_assets.home import Home
from audio_assets.settings import Settings

SYNTHETIC = "synthetic-soundscape"


def demo_folders(settings: Settings, folder: Path | None, *, esc50: bool = False) -> list[Path]:
    """The folder given; else those under `data/audio`; else a synthetic one made on the spot.

    Raises:
        AudioAssetsError: ESC-50 was asked for and cannot be fetched.
    """
    home = Home.of(settings).ensure()
    if esc50:
        from audio_assets.recordings.esc50_download import download_esc50

        return [download_esc50(home.audio / "esc50")]
    if folder is not None:
        return [folder]
    present = sorted(p for p in home.audio.iterdir() if p.is_dir() and not p.name.startswith("."))
    if present:
        return present
    from audio_assets.recordings.synthesize import synthesize_soundscape

    print(
        "No recordings under data/audio: making a SYNTHETIC soundscape there "
        "(for your own: make demo FOLDER=path).",
        file=sys.stderr,
    )
    target = home.audio / SYNTHETIC
    synthesize_soundscape(target)
    return [target]
