"""A home in which every output of one folder and checkpoint is stored, made by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.recordings.windows import WindowGrid, grid_of, make_windows, with_grid
from audio_assets.schemas import (
    CLUSTERS,
    COORDINATES,
    METADATA,
    NEIGHBOURS,
    RECORDINGS,
    embeddings_schema,
)
from audio_assets.storage import write_json, write_parquet

GRID = WindowGrid(policy="clip", window_s=5.0, hop_s=5.0)
FOLDER, CHECKPOINT = "reef", "c1"


def store_pair(home: Home, root: Path, count: int = 4) -> None:
    """Register `root` and store consistent outputs for `count` recordings."""
    root.mkdir(parents=True, exist_ok=True)
    FolderRegistry(home).register(root, FOLDER, grid=GRID, checkpoints=[CHECKPOINT])
    recordings = recordings_table(count)
    ids = make_windows(recordings, grid_of(recordings))
    write_parquet(home.asset("raw_audio", folder=FOLDER), recordings)
    write_parquet(home.asset("metadata_table", folder=FOLDER), metadata_table(recordings))
    store_spectrograms(home, ids["window_id"])
    store_vectors(home, ids, np.eye(count, 3, dtype=np.float32) + 1)
    store_analyses(home, ids["window_id"])
    report = {"dataset": FOLDER, "samples": count}
    write_json(home.asset("fiftyone_dataset", folder=FOLDER, checkpoint=CHECKPOINT), report)


def recordings_table(count: int) -> pa.Table:
    """`count` usable recordings of five seconds."""
    rows = [
        {
            "recording_id": hashlib.sha256(str(i).encode()).hexdigest(), "path": f"{i:03}.wav",
            "bytes": 10, "sample_rate": 1000, "channels": 1, "frames": 5000, "duration_s": 5.0,
            "status": "ok",
        }
        for i in range(count)
    ]  # fmt: skip
    return with_grid(pa.Table.from_pylist(rows, schema=RECORDINGS), GRID)


def metadata_table(recordings: pa.Table, label: str | None = "dog") -> pa.Table:
    """One labelled row per recording."""
    rows = [{"path": p, "filename": p, "label": label} for p in recordings["path"].to_pylist()]
    return pa.Table.from_pylist(rows, schema=METADATA)


def store_spectrograms(home: Home, ids: pa.ChunkedArray) -> None:
    """An index and a picture per window."""
    directory = home.asset("spectrograms", folder=FOLDER)
    (directory / "png").mkdir(parents=True, exist_ok=True)
    write_parquet(directory / "index.parquet", pa.table({"window_id": ids}))
    for window_id in ids.to_pylist():
        (directory / "png" / f"{window_id}.png").write_bytes(b"PNG")


def store_vectors(home: Home, windows: pa.Table, vectors: np.ndarray) -> None:
    """An embeddings table."""
    schema = embeddings_schema(vectors.shape[1])
    columns = {name: windows[name] for name in ("window_id", "recording_id", "start_s", "end_s")}
    columns["encoding_signature"] = pa.array(["s"] * len(windows))
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1])
    path = home.asset("embeddings", folder=FOLDER, checkpoint=CHECKPOINT)
    write_parquet(path, pa.table(columns, schema=schema))


def store_analyses(home: Home, ids: pa.ChunkedArray) -> None:
    """Maps, clusters and neighbours."""
    count = len(ids)
    zero = pa.array(np.zeros(count, np.float32))
    tables = {
        "umap_coords": pa.table({"window_id": ids, "x": zero, "y": zero}, schema=COORDINATES),
        "tsne_coords": pa.table({"window_id": ids, "x": zero, "y": zero}, schema=COORDINATES),
        "clusters": pa.table(
            {
                "window_id": ids,
                "cluster": pa.array([0] * count, pa.int32()),
                "probability": zero,
                "outlier_score": zero,
                "exemplar": pa.array([0] * count, pa.int32()),
            },
            schema=CLUSTERS,
        ),
        "similarity_index": pa.table(
            {"window_id": ids, "neighbours": [[]] * count, "scores": [[]] * count},
            schema=NEIGHBOURS,
        ),
    }
    for asset, table in tables.items():
        write_parquet(home.asset(asset, folder=FOLDER, checkpoint=CHECKPOINT), table)
