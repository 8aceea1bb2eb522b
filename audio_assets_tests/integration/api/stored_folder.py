"""A folder with vectors, stored as the assets store them, without a model or a Dagster run."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.loaders.metadata_table import build_metadata_table
from audio_assets.orchestration.edits import apply_edits
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.schemas import embeddings_schema
from audio_assets.storage import write_parquet

DIM = 8
CHECKPOINT = "audiomaepp-esc10"


def store_vectors(
    home: Home, folder: str, *, signature: str = "a" * 64, window_s: float = 0.5, seed: int = 0
) -> pa.Table:
    """Scan a registered folder and give each of its windows a random vector of 8 values."""
    registered = FolderRegistry(home).get(folder)
    grid = WindowGrid(policy="sliding", window_s=window_s, hop_s=window_s)
    recordings = with_grid(scan_folder(registered.root), grid)
    write_parquet(home.asset("raw_audio", folder=folder), recordings)
    metadata, _ = build_metadata_table(registered.root, registered, recordings)
    metadata = apply_edits(home, folder, metadata)
    write_parquet(home.asset("metadata_table", folder=folder), metadata)
    windows = make_windows(recordings, grid)
    rng = np.random.default_rng(seed + int(hashlib.sha256(folder.encode()).hexdigest()[:6], 16))
    vectors = rng.normal(size=(windows.num_rows, DIM)).astype(np.float32)
    columns = windows.select(["window_id", "recording_id", "start_s", "end_s"])
    table = pa.table(
        {
            **{name: columns[name] for name in columns.column_names},
            "encoding_signature": [signature] * windows.num_rows,
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIM),
        },
        schema=embeddings_schema(DIM),
    )
    write_parquet(home.asset("embeddings", checkpoint=CHECKPOINT, folder=folder), table)
    return table
