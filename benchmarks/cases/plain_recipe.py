"""Folder to FiftyOne with the default checkpoint, against the recipe that notebooks follow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.case import Outcome, Ratio, Setup
from benchmarks.clips import audio_files
from benchmarks.encoders import TOKENS
from benchmarks.machine import decode_rate, disk_mb_s, matmul_gflops
from benchmarks.pipeline import clips_of, run
from benchmarks.timing import Spent, spent

TITLE = "Folder to FiftyOne, default checkpoint"
RECIPE = Path(__file__).parent.parent / "alternatives" / "plain_recipe.py"
FULL = 2000


def measure(setup: Setup) -> Outcome:
    """Whole run and the stages around the encoder."""
    from audio_assets.settings import DEFAULT_CHECKPOINT

    count = min(setup.clips, 60) if setup.quick else setup.clips
    clips = clips_of(setup.recordings, setup.work, count)
    outcome = Outcome(
        limits={
            "matmul": {p: matmul_gflops(8 * TOKENS, 768, 3072, p) for p in ("fp32", "bf16")},
            **decode_rate(audio_files(clips)[:50]),
            **disk_mb_s(setup.work),
        }
    )
    ours = run(setup.work / "home", clips, DEFAULT_CHECKPOINT)
    theirs, whole = _recipe(setup, clips, count, DEFAULT_CHECKPOINT)
    seconds = theirs["seconds"]
    around = ours.spent.wall - ours.encode_seconds
    around_theirs = whole.wall - seconds["model"]
    outcome.ours = {"clips": count, **ours.row(), "around_the_encoder": round(around, 2)}
    outcome.alternative = {
        "clips": theirs["clips"],
        **whole.row(),
        "seconds_by_stage": {k: round(s, 2) for k, s in seconds.items()},
        "around_the_encoder": round(around_theirs, 1),
    }
    pictures = sum(seconds[k] for k in ("load", "mel", "png")) / sum(
        ours.report["seconds"][k] for k in ("raw_audio", "spectrograms")
    )
    outcome.ratios = [
        Ratio("end to end, plain recipe to ours", round(whole.wall / ours.spent.wall, 2), 3.5),
        Ratio(
            "stages around the encoder, plain recipe to ours",
            round(around_theirs / around, 2),
            8.0,
        ),
        Ratio(
            "seconds for 2,000 clips",
            round(ours.spent.wall * FULL / count, 1),
            120.0,
            at_least=False,
            unit="s",
            note="" if count == FULL else f"measured on {count}, scaled linearly",
        ),
    ]
    outcome.notes = [
        f"{count} clips of 5 s, all of them by both, each a process from its start to its end with "
        "its imports and the loading of the model. Ours: a new home, every record, check, cluster "
        "and neighbour included, which the recipe does not have.",
        f"From files to arrays and pictures alone, plain recipe to ours: {pictures:.1f} × (ours "
        "with every file's hash and verdict, each step with its records).",
    ]
    return outcome


def _recipe(setup: Setup, clips: Path, count: int, checkpoint: str) -> tuple[dict[str, Any], Spent]:
    from audio_assets.explore.mongod import ensure_database, stop_database
    from audio_assets.home import Home

    home = Home(setup.work / "plain").ensure()
    environment = {
        **os.environ,
        "FIFTYONE_DATABASE_URI": ensure_database(home),
        "FIFTYONE_DATABASE_VALIDATION": "false",
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
    }
    words = [sys.executable, str(RECIPE), str(clips), str(count), str(setup.work / "pictures")]
    try:
        with spent() as taken:
            done = subprocess.run(
                [*words, checkpoint], env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
    finally:
        stop_database(home)
    return json.loads(done.stdout.strip().splitlines()[-1]), taken
