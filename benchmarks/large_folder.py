"""A folder of a million windows through the analyses, FiftyOne and the App.

    python -m benchmarks.large_folder --work DIR --embeddings FOLDER.parquet [--windows 1000000]

No sound is read and no model runs: the tables of recordings, metadata and embeddings are written as
runs write them, the vectors drawn from a mixture fitted to real ones. Every asset from there on is
materialized by Dagster, with its checks, in a process of its own. Last, the App's grid is opened
on what FiftyOne shows. Prints seconds and peak memory of each; `--out` keeps them, as JSON, beside
those of other steps.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases.grid_open import PAINTED
from benchmarks.growth_stages import real_vectors
from benchmarks.machine import describe
from benchmarks.mixture import fitted
from benchmarks.timing import peak_rss_mb

FOLDER, CHECKPOINT, DIM = "large", "elsewhere", 768
WINDOW_S, PER_RECORDING, RATE = 5.0, 1000, 1000
ASSETS = ("similarity_index", "umap_coords", "tsne_coords", "clusters", "fiftyone_dataset")
STEPS = ("write", *ASSETS, "show")
PICTURES = 20  # a file can have 65,000 names on most file systems


def write(root: Path, windows: int, embeddings: Path | None) -> None:
    """Recordings of a thousand windows each, ten places and labels, and all vectors."""
    from audio_assets.encoding.embeddings_file import rows_per_group, write_embeddings
    from audio_assets.folders import FolderRegistry
    from audio_assets.home import Home
    from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
    from audio_assets.storage import write_parquet

    home, grid = Home(root).ensure(), WindowGrid(window_s=WINDOW_S, hop_s=WINDOW_S)
    sounds = root / "sounds"
    sounds.mkdir()
    FolderRegistry(home).register(sounds, FOLDER, grid=grid)
    recordings, metadata = tables(windows)
    recordings = with_grid(recordings, grid)
    write_parquet(home.asset("raw_audio", folder=FOLDER), recordings)
    write_parquet(home.asset("metadata_table", folder=FOLDER), metadata)
    rows, step = make_windows(recordings, grid), rows_per_group(DIM)
    mixture = fitted(real_vectors(embeddings), DIM)
    starts = range(0, windows, step)
    write_embeddings(
        home.asset("embeddings", folder=FOLDER, checkpoint=CHECKPOINT), rows, "5" * 64, DIM,
        (mixture.block(i, min(step, windows - at)) for i, at in enumerate(starts)),
        {"dim": str(DIM)},
    )  # fmt: skip
    pictures = home.asset("spectrograms", folder=FOLDER)
    draw(pictures / "png", rows["window_id"].to_pylist())
    write_parquet(pictures / "index.parquet", rows.select(["window_id"]))


def tables(windows: int) -> tuple[Any, Any]:
    """Rows of the recordings and of their metadata."""
    from datetime import UTC, datetime, timedelta

    import pyarrow as pa

    from audio_assets.schemas import METADATA, RECORDINGS

    recordings, metadata = [], []
    seconds, first = WINDOW_S * PER_RECORDING, datetime(2026, 1, 1, tzinfo=UTC)
    for i in range(-(-windows // PER_RECORDING)):
        length = min(PER_RECORDING, windows - i * PER_RECORDING) * WINDOW_S
        path = f"{i:06}.wav"
        recordings.append({
            "recording_id": f"{i:016x}".ljust(64, "0"), "path": path, "bytes": 1,
            "sample_rate": RATE, "channels": 1, "frames": round(length * RATE),
            "duration_s": length, "status": "ok",
        })  # fmt: skip
        metadata.append({
            "path": path, "filename": path, "label": f"class {i % 10}", "fold": i % 5,
            "lat": 30.0 + i % 10, "lon": -20.0 + i % 10, "coordinates": "given",
            "start_time": first + timedelta(seconds=seconds * i),
        })  # fmt: skip
    return (
        pa.Table.from_pylist(recordings, schema=RECORDINGS),
        pa.Table.from_pylist(metadata, schema=METADATA),
    )


def draw(directory: Path, names: list[str]) -> None:
    """A few pictures of the size of real ones; every window has one of them by a link."""
    from PIL import Image

    directory.mkdir(parents=True)
    random = np.random.default_rng(5)
    for i, name in enumerate(names):
        if i < PICTURES:
            ramp = np.linspace(0, 200, 224)[:, None] + random.normal(0, 12, (224, 430))
            picture = Image.fromarray(np.clip(ramp, 0, 255).astype(np.uint8))
            picture.save(directory / f"{name}.png")
        else:
            os.link(directory / f"{names[i % PICTURES]}.png", directory / f"{name}.png")


def materialize(root: Path, asset: str) -> dict[str, Any]:
    """Let Dagster compute one asset with its checks, in this process."""
    from audio_assets.explore.environment import load_fiftyone
    from audio_assets.home import Home
    from audio_assets.orchestration.definitions import build_definitions
    from audio_assets.orchestration.execution import execute
    from audio_assets.orchestration.instance import open_instance
    from audio_assets.orchestration.partitions import CHECKPOINTS, FOLDERS, Partition
    from audio_assets.settings import load_settings

    home = Home(root)
    if asset == "fiftyone_dataset":
        load_fiftyone(home)
    definitions = build_definitions(load_settings(home=root, device="cpu"))
    with open_instance(home) as instance:
        instance.add_dynamic_partitions(str(FOLDERS.name), [FOLDER])
        instance.add_dynamic_partitions(str(CHECKPOINTS.name), [CHECKPOINT])
        pair = Partition(folder=FOLDER, checkpoint=CHECKPOINT)
        began, spent = time.perf_counter(), time.process_time()
        done = execute(definitions, instance, [asset], pair)
    metadata = done.metadata[asset]
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - spent, 1),
        "peak_mb": peak_rss_mb(),
        "failed_checks": done.failed_checks,
        "said": {k: v for k, v in metadata.items() if isinstance(v, int | float)},
    }


def show(root: Path) -> dict[str, Any]:
    """Open the App's grid three times and count what it shows."""
    from audio_assets.explore.app import launch
    from audio_assets.explore.environment import load_fiftyone
    from audio_assets.home import Home
    from benchmarks.app_browser import chromium, free_port, fresh_page

    home, took = Home(root), []
    shown = load_fiftyone(home).load_dataset(FOLDER).count()
    with launch(home, FOLDER, port=free_port(), wait=False) as app, chromium() as browser:
        for _ in range(3):
            with fresh_page(browser) as page:
                began = time.perf_counter()
                page.goto(app.url, wait_until="commit")
                page.wait_for_function(PAINTED, polling="raf")
                took.append(round(time.perf_counter() - began, 2))
                time.sleep(10)
                page.screenshot(path=str(root.parent / "grid.png"))
    return {"samples": shown, "grid_seconds": took}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--embeddings", type=Path)
    parser.add_argument("--windows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    args = parser.parse_args()
    root = args.work.resolve() / "home"
    if args.step == "write":
        write(root, args.windows, args.embeddings)
        print(json.dumps({"peak_mb": peak_rss_mb()}))
    elif args.step == "show":
        print(json.dumps(show(root)))
    elif args.step:
        print(json.dumps(materialize(root, args.step)))
    else:
        args.work.mkdir(parents=True, exist_ok=True)
        report: dict[str, Any] = {"machine": describe(), "windows": args.windows, "steps": {}}
        if args.out and args.out.is_file():  # steps that were run before stay
            report["steps"] = json.loads(args.out.read_text())["steps"]
        for step in args.steps:
            command = [sys.executable, "-m", "benchmarks.large_folder", *sys.argv[1:]]
            ran = subprocess.run([*command, "--step", step], stdout=subprocess.PIPE, text=True)
            lines = ran.stdout.splitlines()
            found = json.loads(lines[-1]) if not ran.returncode else {"failed": ran.returncode}
            report["steps"][step] = found
            print(step, found, flush=True)
            if args.out:
                args.out.write_text(json.dumps(report, indent=1) + "\n")
        from audio_assets.explore.mongod import stop_database
        from audio_assets.home import Home

        stop_database(Home(root))


if __name__ == "__main__":
    main()
