"""`audio-assets run`: its options, and what it prints."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Policy(StrEnum):
    """How recordings become windows."""

    clip = "clip"
    sliding = "sliding"


class Tail(StrEnum):
    """What becomes of the rest of a recording."""

    overlap_back = "overlap_back"
    pad = "pad"
    drop = "drop"


def run(
    folder: Annotated[Path, typer.Argument(help="Any directory of recordings; used in place.")],
    name: Annotated[str | None, typer.Option(help="Its key; by default from its name.")] = None,
    checkpoint: Annotated[
        str | None, typer.Option(help="Checkpoint; the default one if not given.")
    ] = None,
    policy: Annotated[Policy | None, typer.Option(help="One window per file, or many.")] = None,
    window: Annotated[float | None, typer.Option(help="Window length in seconds.")] = None,
    hop: Annotated[float | None, typer.Option(help="Seconds between window starts.")] = None,
    tail: Annotated[Tail | None, typer.Option(help="What becomes of the rest.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of the recorder's clock: Europe/Berlin, +02:00.")
    ] = None,
    time_pattern: Annotated[
        str | None, typer.Option(help="Regular expression for start times in file names.")
    ] = None,
    clock_offset: Annotated[
        float | None, typer.Option(help="Seconds that the recorder's clock was ahead.")
    ] = None,
    clock_drift: Annotated[
        str | None, typer.Option(help="What it gains: '1.5 s/day' or '17 ppm'.")
    ] = None,
    clock_reference: Annotated[
        str | None, typer.Option(help="When the offset held: 2019-05-22T00:00Z.")
    ] = None,
    verify: Annotated[bool, typer.Option(help="Hash every file again.")] = False,
    strict: Annotated[bool, typer.Option(help="Exit with 3 when any file failed.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, last, on stdout.")
    ] = False,
) -> None:
    """Ingest and encode a folder; only what is stale is computed."""
    from audio_assets.recordings.clock import clock_correction
    from audio_assets.running import run as run_folder
    from audio_assets.summary import run_summary

    report = run_folder(
        folder, checkpoint, name=name, policy=policy.value if policy else None, window=window,
        hop=hop, tail=tail.value if tail else None, time_zone=time_zone, time_pattern=time_pattern,
        clock=clock_correction(clock_offset, clock_drift, clock_reference), verify=verify,
    )  # fmt: skip
    print(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else run_summary(report))
    if strict and report.failed:
        raise typer.Exit(3)
