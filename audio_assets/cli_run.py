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


class Picture(StrEnum):
    """What a model is shown of IQ samples."""

    spectrogram = "spectrogram"
    constellation = "constellation"


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
    window_samples: Annotated[
        int | None, typer.Option(help="Radio: window length in samples.")
    ] = None,
    hop_samples: Annotated[
        int | None, typer.Option(help="Radio: samples between window starts.")
    ] = None,
    most_windows: Annotated[
        int | None, typer.Option(help="Radio: of one recording, evenly spread; 0 for all.")
    ] = None,
    iq_type: Annotated[
        str | None, typer.Option(help="Radio: datatype of raw files: cf32_le, ci16_le, cu8, …")
    ] = None,
    iq_rate: Annotated[
        float | None, typer.Option(help="Radio: sample rate in Hz where files say none.")
    ] = None,
    iq_frequency: Annotated[
        float | None, typer.Option(help="Radio: centre frequency in Hz where files say none.")
    ] = None,
    iq_channels: Annotated[
        int | None, typer.Option(help="Radio: interleaved channels of raw files.")
    ] = None,
    iq_channel: Annotated[
        int | None, typer.Option(help="Radio: the only channel to look at, from 0.")
    ] = None,
    iq_wav: Annotated[
        bool, typer.Option("--iq-wav", help="Radio: stereo sound files are I and Q.")
    ] = False,
    iq_picture: Annotated[Picture | None, typer.Option(help="Radio: what the model sees.")] = None,
    verify: Annotated[bool, typer.Option(help="Hash every file again.")] = False,
    strict: Annotated[bool, typer.Option(help="Exit with 3 when any file failed.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, last, on stdout.")
    ] = False,
) -> None:
    """Ingest and encode a folder; only what is stale is computed."""
    from audio_assets.radio.folder import RadioOptions
    from audio_assets.recordings.clock import clock_correction
    from audio_assets.running import run as run_folder
    from audio_assets.summary import run_summary

    stated = {
        "datatype": iq_type, "sample_rate": iq_rate, "frequency_hz": iq_frequency,
        "channels": iq_channels, "channel": iq_channel, "wav_iq": iq_wav or None,
        "picture": f"iq_{iq_picture.value}" if iq_picture else None,
    }  # fmt: skip
    said = {name: value for name, value in stated.items() if value is not None}
    radio = RadioOptions(said, window_samples, hop_samples, most_windows)
    report = run_folder(
        folder, checkpoint, name=name, policy=policy.value if policy else None, window=window,
        hop=hop, tail=tail.value if tail else None, time_zone=time_zone, time_pattern=time_pattern,
        clock=clock_correction(clock_offset, clock_drift, clock_reference), verify=verify,
        radio=radio if radio.says_anything else None,
    )  # fmt: skip
    print(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else run_summary(report))
    if strict and report.failed:
        raise typer.Exit(3)
