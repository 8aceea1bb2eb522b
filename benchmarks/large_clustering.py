"""Ad-hoc clustering of many windows: seconds and peak memory of every method.

    python benchmarks/large_clustering.py --windows 100000 --dim 768 --work DIR --out report.json

Writes an embedding set of vectors with structure (clusters of unequal sizes that lie in a few dozen
dimensions, one window in twenty noise) into a home of its own, and runs `run_clustering` as a job
does, outlier scores, exemplars, silhouettes and DBCV included, each in a process of its own.
Agglomerative clustering compares all pairs and is refused beyond 20,000 windows: that counts as its
answer. Silhouettes are those of a sample of 10,000; DBCV names the reason where it is left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

METHODS: dict[str, dict[str, Any]] = {
    "kmeans": {"method": "kmeans", "n_clusters": 50, "umap_dimensions": None},
    "kmeans_umap": {"method": "kmeans", "n_clusters": 50, "umap_dimensions": 5},
    "hdbscan_umap": {"method": "hdbscan", "umap_dimensions": 5, "min_cluster_size": 50},
    "hdbscan": {"method": "hdbscan", "umap_dimensions": None, "min_cluster_size": 50},
    "agglomerative": {"method": "agglomerative", "n_clusters": 50, "umap_dimensions": None},
}
FOLDER, CHECKPOINT, SECONDS = "large", "synthetic", 5.0


def store(root: Path, windows: int, dim: int) -> None:
    """One recording of so many windows, and their vectors."""
    import pyarrow as pa

    from audio_assets.encoding.embeddings_file import rows_per_group, write_embeddings
    from audio_assets.folders import FolderRegistry
    from audio_assets.home import Home
    from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
    from audio_assets.schemas import METADATA, RECORDINGS
    from audio_assets.storage import write_parquet

    home, grid = Home(root).ensure(), WindowGrid(window_s=SECONDS, hop_s=SECONDS)
    (sounds := root / "sounds").mkdir()
    FolderRegistry(home).register(sounds, FOLDER, grid=grid)
    row = {
        "recording_id": hashlib.sha256(b"large").hexdigest(), "path": "large.wav", "bytes": 1,
        "sample_rate": 1000, "channels": 1, "frames": round(windows * SECONDS * 1000),
        "duration_s": windows * SECONDS, "status": "ok",
    }  # fmt: skip
    recordings = with_grid(pa.Table.from_pylist([row], schema=RECORDINGS), grid)
    write_parquet(home.asset("raw_audio", folder=FOLDER), recordings)
    metadata = pa.Table.from_pylist([{"path": "large.wav", "filename": "large.wav"}], METADATA)
    write_parquet(home.asset("metadata_table", folder=FOLDER), metadata)
    vectors, step = structured(windows, dim), rows_per_group(dim)
    write_embeddings(
        home.asset("embeddings", folder=FOLDER, checkpoint=CHECKPOINT),
        make_windows(recordings, grid), "5" * 64, dim,
        (vectors[i : i + step] for i in range(0, windows, step)), {"dim": str(dim)},
    )  # fmt: skip


def structured(windows: int, dim: int) -> np.ndarray:
    """float32 [windows, dim]: 50 clusters of unequal sizes in 32 dimensions, 5 % noise."""
    rng = np.random.default_rng(51)
    basis = rng.normal(size=(32, dim)).astype(np.float32) / dim**0.5
    sizes = rng.dirichlet(np.full(50, 2.0))
    member = rng.choice(50, windows, p=sizes)
    centres = 3 * rng.normal(size=(50, 32))
    low = centres[member] + rng.normal(size=(windows, 32)) * rng.uniform(0.3, 1.0, 50)[member, None]
    noise = rng.random(windows) < 0.05
    low[noise] = 4 * rng.normal(size=(int(noise.sum()), 32))
    return low.astype(np.float32) @ basis + 0.002 * rng.normal(size=(windows, dim)).astype("f4")


def one(name: str, root: Path) -> dict[str, Any]:
    """One clustering in this process."""
    from audio_assets.analysis.clustering.job import run_clustering
    from audio_assets.analysis.clustering.parameters import ClusteringRequest
    from audio_assets.errors import AudioAssetsError
    from audio_assets.home import Home

    asked = {"folder": FOLDER, "checkpoint": CHECKPOINT, "stability_seeds": 0, **METHODS[name]}
    started = time.perf_counter()
    found: dict[str, Any] = {}
    try:
        report = run_clustering(Home(root), ClusteringRequest.of(asked), name).report
        found = {
            "clusters": len(report["clusters"]), "noise": report["noise"]["share"],
            "quality": report["quality"],
        }  # fmt: skip
    except AudioAssetsError as error:
        found = {"refused": str(error)}
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    used = os.times()
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(used.user + used.system, 1),
        "peak_rss_mb": round(int(peak.split()[1]) / 1024, 1),
        **found,
    }


def main() -> None:
    """Measure the methods that are asked for and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "HOME"))
    parser.add_argument("--windows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--out", type=Path, default=Path("large_clustering.json"))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds for one method")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.one[0], Path(given.one[1]))))
        return
    given.work.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="large-clustering-", dir=given.work))
    machine = {"processors": os.cpu_count(), "python": platform.python_version()}
    report = {"machine": machine, "windows": given.windows, "dim": given.dim, "methods": {}}
    try:
        store(root, given.windows, given.dim)
        for name in given.methods:
            command = [sys.executable, __file__, "--one", name, str(root)]
            try:
                done = subprocess.run(
                    command, stdout=subprocess.PIPE, text=True, check=True, timeout=given.limit
                )
                report["methods"][name] = json.loads(done.stdout.splitlines()[-1])
            except subprocess.TimeoutExpired:
                report["methods"][name] = {"not_done_within_s": given.limit}
            print(name, report["methods"][name], file=sys.stderr, flush=True)
            given.out.write_text(json.dumps(report, indent=2) + "\n")
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
