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

TITLE = "Folder to FiftyOne, default checkpoint"
RECIPE = Path(__file__).parent.parent / "alternatives" / "plain_recipe.py"
FULL = 2000


def measure(setup: Setup) -> Outcome:
    """Whole run and the stages around the encoder."""
    from audio_assets.settings import DEFAULT_CHECKPOINT

    sampled = min(setup.clips, 60 if setup.quick else 200)
    clips = clips_of(setup.recordings, setup.work, setup.clips)
    outcome = Outcome(
        limits={
            "matmul": {p: matmul_gflops(8 * TOKENS, 768, 3072, p) for p in ("fp32", "bf16")},
            **decode_rate(audio_files(clips)[:50]),
            **disk_mb_s(setup.work),
        }
    )
    ours = run(setup.work / "home", clips, DEFAULT_CHECKPOINT)
    theirs = _recipe(setup, clips, sampled, DEFAULT_CHECKPOINT)
    scale = setup.clips / theirs["clips"]
    seconds = {stage: s * scale for stage, s in theirs["seconds"].items()}
    whole = sum(seconds.values())
    around = ours.spent.wall - ours.encode_seconds
    outcome.ours = {"clips": setup.clips, **ours.row(), "around_the_encoder": round(around, 2)}
    outcome.alternative = {
        "clips_measured": theirs["clips"],
        "seconds_measured": {k: round(s, 2) for k, s in theirs["seconds"].items()},
        "seconds": round(whole, 1),
        "around_the_encoder": round(whole - seconds["model"], 1),
    }
    outcome.ratios = [
        Ratio("end to end, plain recipe to ours", round(whole / ours.spent.wall, 2), 3.5),
        Ratio(
            "stages around the encoder, plain recipe to ours",
            round((whole - seconds["model"]) / around, 2),
            8.0,
        ),
        Ratio(
            "seconds for 2,000 clips",
            round(ours.spent.wall * FULL / setup.clips, 1),
            120.0,
            at_least=False,
            unit="s",
            note="" if setup.clips == FULL else f"measured on {setup.clips}, scaled linearly",
        ),
    ]
    outcome.notes = [
        f"{setup.clips} clips of 5 s. Ours: a new home, process start, imports and every record "
        f"included. The plain recipe ran on {theirs['clips']} of them and is scaled linearly, "
        "UMAP and t-SNE included; its imports and the loading of the model are not counted.",
    ]
    return outcome


def _recipe(setup: Setup, clips: Path, count: int, checkpoint: str) -> dict[str, Any]:
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
        done = subprocess.run(
            [*words, checkpoint], env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    finally:
        stop_database(home)
    return json.loads(done.stdout.strip().splitlines()[-1])
