"""Folder to FiftyOne with family C base: how much the chain adds to its encoder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from benchmarks import encoders
from benchmarks.case import Outcome, Ratio, Setup
from benchmarks.clips import vary
from benchmarks.machine import matmul_gflops
from benchmarks.pipeline import run
from benchmarks.timing import Spent, spent

TITLE = "Folder to FiftyOne, family C base"
FULL = 2000
INGEST = ("raw_audio", "metadata_table", "spectrograms", "embeddings")


def measure(setup: Setup) -> Outcome:
    """Elapsed time against what cannot be avoided: encoder, other work on all cores, projections.

    The bound is encoder alone + other processor-seconds / processors + projections alone.
    """
    count = 16 if setup.quick else setup.clips
    clips = setup.work / "clips"
    *_, last = vary(setup.recordings, clips, count + 1)
    later = last.rename(setup.work / last.name)
    home = setup.work / "home"
    checkpoint = encoders.checkpoint(home / "checkpoints")
    encoder, precision = _encoder_alone(checkpoint, count)
    ours = run(home, clips, checkpoint.name)
    projections = _projections_alone(home, checkpoint.name)
    others = max(0.0, ours.spent.cpu - encoder.cpu - projections.cpu)
    later.rename(last)
    more = run(home, clips, checkpoint.name)
    if more.report["encoded"] != 1:
        raise AssertionError(f"{more.report['encoded']} windows were encoded for one clip")
    part, whole = (sum(r.report["seconds"][name] for name in INGEST) for r in (more, ours))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    bound = encoder.wall + others / (cores or 1) + projections.wall
    return Outcome(
        ratios=[
            Ratio(
                "elapsed time, to encoder alone + other processor-seconds / processors + "
                "projections alone",
                round(ours.spent.wall / bound, 3),
                1.1,
                at_least=False,
                note=f"{count} clips"
                + ("" if count >= FULL else "; process start is a larger share than of 2,000"),
            ),
            Ratio(
                f"one clip more in {count}, in a new process: ingest assets and embeddings",
                round(100 * part / whole, 3), 2.0, at_least=False, unit="%",
            ),
        ],
        limits={p: matmul_gflops(8 * encoders.TOKENS, 768, 3072, p) for p in ("fp32", "bf16")},
        ours={
            "clips": count,
            "precision": precision,
            "bound_seconds": round(bound, 2),
            "encoder_alone": encoder.row(),
            "other_cpu_seconds": round(others, 2),
            "projections_alone": projections.row(),
            **ours.row(),
            "one_more_seconds": more.report["seconds"],
        },
        notes=[
            "Encoder alone: as many stored pictures through the same encoder in calls of eight, "
            "in the benchmark's process, before the run. Projections alone: UMAP and t-SNE of the "
            "run's vectors, after it. MongoDB is a process of its own whose processor-seconds are "
            "not counted, though the run waits for it.",
            "One clip: seconds of the four assets, imports and the loading of the model included, "
            "to those of the first run; projections refit.",
        ],
    )  # fmt: skip


def _encoder_alone(checkpoint: Path, count: int) -> tuple[Spent, str]:
    from audio_assets.models.encoder import load_encoder

    encoder: Any = load_encoder(checkpoint, precision="auto")
    images = encoders.images(8)
    encoder.encode_inputs(images)
    with spent() as found:
        for _ in range(-(-count // 8)):
            encoder.encode_inputs(images)
    return found, encoder.precision


def _projections_alone(home: Path, checkpoint: str) -> Spent:
    from audio_assets.analysis.projection import (
        TsneParameters,
        UmapParameters,
        tsne_coordinates,
        umap_coordinates,
    )
    from audio_assets.home import Home
    from audio_assets.settings import load_settings
    from audio_assets.storage import read_parquet

    (path,) = (Home(home).assets / "embeddings" / checkpoint).glob("*.parquet")
    embeddings, settings = read_parquet(path), load_settings()
    import umap  # noqa: F401 - its import is a cost of the process, not of the projection

    with spent() as found:
        umap_coordinates(embeddings, UmapParameters.from_settings(settings))
        tsne_coordinates(embeddings, TsneParameters.from_settings(settings))
    return found
