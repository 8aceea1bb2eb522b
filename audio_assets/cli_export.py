"""`audio-assets export`: its options, and what it prints."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class What(StrEnum):
    """What to export."""

    embeddings = "embeddings"
    metadata = "metadata"
    clusters = "clusters"
    outliers = "outliers"
    raven = "raven"
    audacity = "audacity"
    csv = "csv"
    geojson = "geojson"
    sigmf = "sigmf"


def export(
    folder: Annotated[str, typer.Argument(help="The folder's name.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File to write; of sigmf a directory.")
    ],
    what: Annotated[What, typer.Option(help="Which table.")],
    checkpoint: Annotated[
        str | None, typer.Option(help="Checkpoint; the default one if not given.")
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            help="Only some windows: ids=FILE, label=TEXT, cluster=NUMBER, time=FROM/TO, "
            "box=WEST,SOUTH,EAST,NORTH, tag=NAME or view=NAME (of FiftyOne). A key twice means "
            "either, different keys mean both."
        ),
    ] = None,
    per_file: Annotated[
        bool, typer.Option("--per-file", help="Raven, Audacity: one file per recording.")
    ] = False,
) -> None:
    """Write windows as Parquet, CSV, Raven table, Audacity labels, GeoJSON or SigMF annotations."""
    from audio_assets.exports.export import export as write
    from audio_assets.settings import load_settings

    report = write(
        folder, checkpoint or load_settings().checkpoint, what.value, output,
        select=select or [], per_file=per_file,
    )  # fmt: skip
    files = f" in {report.files} files" if per_file or what is What.sigmf else ""
    print(f"{output}: {report.rows} rows{files}")
    if report.left_out:
        lack = "are not of IQ recordings" if what is What.sigmf else "have no coordinates"
        print(f"{report.left_out} windows {lack} and are not in it", file=sys.stderr)
