"""`audio-assets notebook …`: its options, and what it prints."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

notebook = typer.Typer(no_args_is_help=True, help="Notebooks that need nothing but themselves.")


class Model(StrEnum):
    """What a notebook trains."""

    audiomaepp = "audiomaepp"
    audiomae_baseline = "audiomae_baseline"


class DataSet(StrEnum):
    """What it trains on."""

    esc50 = "esc50"
    esc10 = "esc10"
    custom = "custom"


@notebook.callback()
def notebooks() -> None:
    """Notebooks that need nothing but themselves."""


@notebook.command()
def training(
    model: Annotated[Model, typer.Option(help="What to train.")] = Model.audiomaepp,
    dataset: Annotated[
        DataSet, typer.Option(help="What to train on; custom is a folder and a CSV.")
    ] = DataSet.esc50,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="File or directory; training_MODEL_DATASET.ipynb if not given."
        ),
    ] = None,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="Smallest settings: runs in seconds, learns nothing.")
    ] = False,
) -> None:
    """Write a training notebook with all of its code inside; no audio-assets needed to run it."""
    from audio_assets.notebooks.training_notebook import write_training_notebook

    print(write_training_notebook(model.value, dataset.value, output, tiny=tiny))
