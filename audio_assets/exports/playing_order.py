"""The recordings of a folder one after the other, as annotation programs count time over them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.storage import read_parquet


@dataclass(frozen=True)
class Played:
    """One recording in playing order.

    Attributes:
        path: relative to the folder.
        file: absolute path.
        begins_at: seconds from the start of the first recording to that of this one.
        duration_s: its length in seconds.
        nyquist_hz: half its sample rate.
    """

    path: str
    file: str
    begins_at: float
    duration_s: float
    nyquist_hz: float


def playing_order(home: Home, folder: str) -> dict[str, Played]:
    """Every readable recording by path, in the order of the paths.

    A duplicate has no windows of its own, but whoever opens the folder hears it, so it counts. The
    sum is taken over frames, not over rounded seconds.
    """
    root = Path(FolderRegistry(home).get(folder).root)
    table = read_parquet(home.asset("raw_audio", folder=folder))
    readable = table.filter(pc.field("status") != "failed").sort_by("path")
    begins_at, order = 0.0, {}
    columns = (readable[name].to_pylist() for name in ("path", "frames", "sample_rate"))
    for path, frames, rate in zip(*columns, strict=True):
        seconds = frames / rate
        order[path] = Played(path, str(root / path), begins_at, seconds, rate / 2)
        begins_at += seconds
    return order
