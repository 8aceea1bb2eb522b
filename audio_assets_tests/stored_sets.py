"""Homes in which folders have vectors under checkpoints, made by hand and quick to make."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.schemas import METADATA, RECORDINGS, embeddings_schema
from audio_assets.storage import write_parquet

GRID = WindowGrid(policy="sliding", window_s=5.0, hop_s=5.0)
CLASSES = ("dog", "rain", "whale", "crow")


def signature(checkpoint: str) -> str:
    return hashlib.sha256(checkpoint.encode()).hexdigest()


def store_folder(home: Home, key: str, recordings: int = 24, labelled: bool = True) -> pa.Table:
    """Register a folder of recordings of ten seconds, two windows each; returns the windows."""
    root = home.root / "sounds" / key
    root.mkdir(parents=True, exist_ok=True)
    FolderRegistry(home).register(root, key, grid=GRID)
    rows = [
        {
            "recording_id": hashlib.sha256(f"{key}{i}".encode()).hexdigest(),
            "path": f"{i:03}.wav", "bytes": 10, "sample_rate": 1000, "channels": 1,
            "frames": 10_000, "duration_s": 10.0, "status": "ok",
        }
        for i in range(recordings)
    ]  # fmt: skip
    table = with_grid(pa.Table.from_pylist(rows, schema=RECORDINGS), GRID)
    write_parquet(home.asset("raw_audio", folder=key), table)
    labels = [CLASSES[i % len(CLASSES)] if labelled else None for i in range(recordings)]
    known = [
        {"path": r["path"], "filename": r["path"], "label": label, "fold": i % 3}
        for i, (r, label) in enumerate(zip(rows, labels, strict=True))
    ]
    write_parquet(
        home.asset("metadata_table", folder=key), pa.Table.from_pylist(known, schema=METADATA)
    )
    return make_windows(table, GRID)


def class_vectors(windows: int, dim: int = 16, seed: int = 3, spread: float = 0.3) -> np.ndarray:
    """Vectors of windows, two per recording, near the direction of the recording's class."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(CLASSES), dim))
    classes = np.arange(windows) // 2 % len(CLASSES)
    return (centres[classes] + spread * rng.normal(size=(windows, dim))).astype(np.float32)


def store_vectors(
    home: Home, key: str, checkpoint: str, windows: pa.Table, vectors: np.ndarray,
    encoding_signature: str | None = None,
) -> None:  # fmt: skip
    """Store the embeddings of a pair; their signature follows from the checkpoint's name."""
    dim = vectors.shape[1]
    columns = {name: windows[name] for name in ("window_id", "recording_id", "start_s", "end_s")}
    made = encoding_signature or signature(checkpoint)
    columns["encoding_signature"] = pa.array([made] * len(windows))
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
    path = home.asset("embeddings", folder=key, checkpoint=checkpoint)
    write_parquet(path, pa.table(columns, schema=embeddings_schema(dim)))
