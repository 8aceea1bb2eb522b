"""A home with two recordings of one folder: windows, metadata, vectors and clusters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.recordings.clock import ClockCorrection, with_clock
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.schemas import CLUSTERS, METADATA, RECORDINGS, embeddings_schema
from audio_assets.settings import Settings, load_settings
from audio_assets.storage import write_parquet

GRID = WindowGrid(window_s=2.0)
NOON = datetime(2019, 5, 22, 12, tzinfo=UTC)
CLOCK = ClockCorrection(drift_s_per_day=86.4, reference=NOON)  # one in a thousand
DIM = 3


@dataclass(frozen=True)
class Pair:
    """One folder under one checkpoint, stored."""

    settings: Settings
    root: Path
    windows: pa.Table
    vectors: np.ndarray
    folder: str = "reef"
    checkpoint: str = "c1"


def recordings() -> pa.Table:
    """a/one.wav 5 s at 1 kHz, a/same.wav its duplicate, bad.wav, two.flac 1.5 s at 2 kHz."""
    rows = [
        ("1" * 64, "a/one.wav", 1000, 5000, "ok", NOON),
        ("1" * 64, "a/same.wav", 1000, 5000, "duplicate", NOON),
        ("3" * 64, "bad.wav", None, None, "failed", None),
        ("2" * 64, "two.flac", 2000, 3000, "ok", None),
    ]
    names = ("recording_id", "path", "sample_rate", "frames", "status", "start_time")
    table = [{**dict(zip(names, row, strict=True)), "bytes": 1} for row in rows]
    return with_clock(with_grid(pa.Table.from_pylist(table, schema=RECORDINGS), GRID), CLOCK)


def metadata() -> pa.Table:
    """A label that is a formula, another with a tab and a line end; coordinates for one."""
    rows = [
        {"path": "a/one.wav", "filename": "one.wav", "label": "=cmd|' /C calc'!A0",
         "lat": -17.5, "lon": 179.5, "coordinates": "given", "start_time": NOON},
        {"path": "a/same.wav", "filename": "same.wav", "start_time": NOON},
        {"path": "two.flac", "filename": "two.flac", "label": "blue\twhale\nA call"},
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=METADATA)
    return table.append_column("depth", pa.array(["-5", "+1e3 m", "@home"]))


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    (root := tmp_path / "recordings").mkdir()
    home = Home(tmp_path / "home").ensure()
    FolderRegistry(home).register(root, "reef", grid=GRID, clock=CLOCK)
    windows = make_windows(recordings(), GRID)
    vectors = np.random.default_rng(1).normal(size=(len(windows), DIM)).astype(np.float32)
    write_parquet(home.asset("raw_audio", folder="reef"), recordings())
    write_parquet(home.asset("metadata_table", folder="reef"), metadata())
    of_pair = {"folder": "reef", "checkpoint": "c1"}
    columns = [windows[n].combine_chunks() for n in embeddings_schema(DIM).names[:4]]
    signature = pa.array(["5" * 64] * len(windows))
    stored = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIM)
    table = pa.Table.from_arrays([*columns, signature, stored], schema=embeddings_schema(DIM))
    write_parquet(home.asset("embeddings", **of_pair), table)
    clusters = {
        "window_id": windows["window_id"].to_pylist(),
        "cluster": [0, 1, -1, 1],
        "probability": [1.0, 0.5, 0.0, 0.25],
        "outlier_score": [0.0, 0.1, 0.9, 0.2],
        "exemplar": [0, 0, None, 1],
    }
    write_parquet(home.asset("clusters", **of_pair), pa.table(clusters, schema=CLUSTERS))
    return Pair(load_settings(home=home.root), root, windows, vectors)
