"""The whole chain as a user runs it, in a home of its own, and what its assets recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import Spent, spent


@dataclass(frozen=True)
class Run:
    """One `audio-assets run`.

    Attributes:
        spent: wall and processor seconds of the process (MongoDB, a process of its own, apart).
        report: what `--json` printed.
        costs: asset → the metadata it recorded.
    """

    spent: Spent
    report: dict[str, Any]
    costs: dict[str, dict[str, Any]]

    @property
    def encode_seconds(self) -> float:
        """Seconds in the model's calls."""
        return float(self.costs["embeddings"]["stage_seconds"].get("encode", 0.0))

    def row(self) -> dict[str, Any]:
        """As JSON."""
        kept = ("seconds", "rows_per_second", "audio_seconds_per_second", "stage_shares",
                "peak_rss_mb", "precision")  # fmt: skip
        return {
            **self.spent.row(),
            "encode_seconds": round(self.encode_seconds, 2),
            "seconds_by_asset": self.report["seconds"],
            "peak_rss_mb": self.report["peak_rss_mb"],
            "costs": {
                asset: {key: costs[key] for key in kept if key in costs}
                for asset, costs in self.costs.items()
            },
        }


def run(home: Path, clips: Path, checkpoint: str) -> Run:
    """Run a folder from nothing to FiftyOne.

    Args:
        home: an empty directory, or one that holds a checkpoint.
        clips: the folder.
        checkpoint: name.

    Returns:
        What it took; the database is stopped afterwards.
    """
    command = [str(Path(sys.executable).with_name("audio-assets")), "run", str(clips)]
    environment = {**os.environ, "AUDIO_ASSETS_HOME": str(home)}
    with spent() as taken:
        done = subprocess.run(
            [*command, "--checkpoint", checkpoint, "--json"], env=environment,
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    report = json.loads(done.stdout.strip().splitlines()[-1])
    costs = recorded(home)
    stop = [str(Path(sys.executable).with_name("audio-assets")), "stop"]
    subprocess.run(stop, env=environment, stdout=subprocess.DEVNULL, check=False)
    return Run(taken, report, costs)


def recorded(home: Path) -> dict[str, dict[str, Any]]:
    """Metadata of every asset's latest materialization."""
    import dagster as dg

    from audio_assets.home import Home
    from audio_assets.orchestration.instance import open_instance
    from audio_assets.orchestration.jobs import ALL_ASSETS

    found: dict[str, dict[str, Any]] = {}
    with open_instance(Home(home)) as instance:
        for name in ALL_ASSETS:
            event = instance.get_latest_materialization_event(dg.AssetKey(name))
            if event is not None and event.asset_materialization is not None:
                metadata = event.asset_materialization.metadata
                found[name] = {key: value.value for key, value in metadata.items()}
    return found


def clips_of(recordings: Path, work: Path, count: int) -> Path:
    """A folder of so many clips: the given one where it has as many, else variations of it."""
    from benchmarks.clips import audio_files, vary

    if len(audio_files(recordings)) == count:
        return recordings
    vary(recordings, work / "clips", count)
    return work / "clips"
