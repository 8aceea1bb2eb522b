"""`audio-assets radio`: labelled IQ made of formulas, and what is on the air in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

radio = typer.Typer(no_args_is_help=True, help="Radio: synthetic IQ, occupancy.")


@radio.command()
def synthesize(
    output: Annotated[Path, typer.Argument(help="Directory to make.")],
    each: Annotated[int, typer.Option(help="Recordings of each modulation.")] = 4,
    snr: Annotated[float, typer.Option(help="Signal to noise in dB, in the whole band.")] = 15.0,
    samples: Annotated[int, typer.Option(help="Samples of each recording.")] = 32_768,
    rate: Annotated[float, typer.Option(help="Sample rate in Hz.")] = 1e6,
    frequency: Annotated[float, typer.Option(help="Centre frequency in Hz.")] = 433.92e6,
    datatype: Annotated[str, typer.Option(help="SigMF datatype.")] = "cf32_le",
    seed: Annotated[int, typer.Option(help="Everything random comes from it.")] = 0,
) -> None:
    """Make SigMF recordings of nine modulations, labelled by annotations."""
    from audio_assets.radio.synthesis.folder import synthesize_folder

    made = synthesize_folder(
        output, each=each, snr_db=snr, samples=samples, sample_rate=rate, frequency_hz=frequency,
        datatype=datatype, seed=seed,
    )  # fmt: skip
    print(f"{output}: {len(made)} recordings")


@radio.command()
def occupancy(
    folder: Annotated[str, typer.Argument(help="The folder's name.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="PNG to write.")],
) -> None:
    """Draw which share of time each part of the band is above the noise floor."""
    from audio_assets.home import Home
    from audio_assets.radio.occupancy_plot import folder_occupancy
    from audio_assets.settings import load_settings
    from audio_assets.storage import atomic_open

    with atomic_open(output) as stream:
        stream.write(folder_occupancy(Home.of(load_settings()), folder))
    print(output)
