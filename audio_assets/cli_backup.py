"""`audio-assets backup`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audio_assets.cli_settings import load_settings
from audio_assets.home import Home


def backup(
    target: Annotated[Path, typer.Argument(help="Directory that does not exist yet, or is empty.")],
) -> None:
    """Copy the home while it is in use; the copy is used with AUDIO_ASSETS_HOME=TARGET."""
    from audio_assets.backup import back_up

    home = Home.of(load_settings())
    done = back_up(home, target)
    print(f"{done.files} files, {done.bytes / 1e6:.1f} MB, from {home.root} to {done.target}")
    if done.vanished:
        print(f"{len(done.vanished)} were removed meanwhile: {', '.join(done.vanished[:5])}")
    print(
        f"Use it with AUDIO_ASSETS_HOME={done.target}; run each folder once to refresh its paths."
    )
