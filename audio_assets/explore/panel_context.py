"""Where an operator or a panel is: the home of its server, the folder it shows, its checkpoints."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from audio_assets.errors import NotMaterializedError
from audio_assets.explore.ledger import CheckpointEntry, Ledger, load_ledger
from audio_assets.home import Home

HOME_VARIABLE = "AUDIO_ASSETS_HOME"
"""Set by the App's server for itself, so that `load_settings()` speaks of the same home."""


def set_home_of_app(home: Home) -> None:
    """Make `home` the one of this process (the App's server)."""
    os.environ[HOME_VARIABLE] = str(home.root)
    home_of_app.cache_clear()


@cache
def home_of_app() -> Home:
    """The home that this App shows.

    Raises:
        NotMaterializedError: this process is not the App's server.
    """
    value = os.environ.get(HOME_VARIABLE)
    if not value:
        raise NotMaterializedError(
            "This App was not started by audio-assets. Start it with: audio-assets app"
        )
    return Home(Path(value).resolve())


def folder_of(ctx: Any) -> str:
    """Key of the folder that a panel or operator looks at: the data set's name.

    Raises:
        NotMaterializedError: the open data set is not a folder of this home.
    """
    ledger_of(ctx)
    return str(ctx.dataset.name)


def ledger_of(ctx: Any) -> Ledger:
    """What this package wrote into the open data set.

    Raises:
        NotMaterializedError: the open data set is not a folder of this home.
    """
    dataset = ctx.dataset
    ledger = None if dataset is None else load_ledger(dataset)
    if ledger is None:
        raise NotMaterializedError(
            "This data set was not made by audio-assets. Open the data set of an audio folder."
        )
    return ledger


def checkpoints_of(ctx: Any) -> list[CheckpointEntry]:
    """The checkpoints whose vectors the open data set has, in the order they came.

    `entry.name` is the checkpoint, `entry.runs` its brain keys (sim, umap, tsne).

    Raises:
        NotMaterializedError: the open data set is not a folder of this home.
    """
    entries = ledger_of(ctx).checkpoints
    return [e for e in entries if e.vectors_hash is not None]
