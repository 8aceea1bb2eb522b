"""`audio-assets report`: its options, and what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audio_assets.cli_settings import load_settings


def report(
    folder: Annotated[str, typer.Argument(help="The folder's name, or its directory.")],
    checkpoint: Annotated[
        str | None, typer.Option(help="Checkpoint; the default one if not given.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output",
            help="File ending in .html or .pdf, or a directory for both; data/reports of the home "
            "if not given.",
        ),
    ] = None,
) -> None:  # fmt: skip
    """Write a report on what was computed for FOLDER, as HTML and PDF."""
    from audio_assets.reporting import report as write

    for path in write(folder, checkpoint, output=output, settings=load_settings()):
        print(path)
