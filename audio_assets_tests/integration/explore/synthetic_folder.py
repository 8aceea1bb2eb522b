"""Small tables, PNGs and vectors as the pipeline makes them, with no pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from audio_assets.explore.sync import SyncReport, sync_dataset
from audio_assets.home import Home
from audio_assets.schemas import (
    CLUSTERS,
    COORDINATES,
    METADATA,
    RECORDINGS,
    WINDOWS,
    embeddings_schema,
)
from audio_assets.settings import Settings

CLASSES = ("dog", "rain", "rooster", "chainsaw", "sea_waves")
DIM = 16


@dataclass
class SyntheticFolder:
    """`count` clips of five classes; vectors of a class point in one direction."""

    key: str
    root: Path
    count: int
    dim: int = DIM
    custom: dict[str, list] = field(default_factory=dict)
    keep: list[int] = field(default_factory=list)
    labelled: bool = True

    def __post_init__(self) -> None:
        self.keep = list(range(self.count))
        self.png_dir = self.root / "png"
        self.png_dir.mkdir(parents=True, exist_ok=True)

    @property
    def rows(self) -> list[int]:
        return self.keep

    def recording_id(self, i: int) -> str:
        return f"{i:016x}".ljust(64, "0")

    def window_id(self, i: int) -> str:
        return f"{i:016x}@0+220500"

    def path(self, i: int) -> str:
        return f"audio/1-{i}-A-{i % 5}.wav"

    def label(self, i: int) -> str:
        return CLASSES[i % 5]

    def windows(self) -> pa.Table:
        return pa.Table.from_pylist(
            [
                {
                    "window_id": self.window_id(i), "recording_id": self.recording_id(i),
                    "path": self.path(i), "start_frame": 0, "frames": 220500, "start_s": 0.0,
                    "end_s": 5.0, "padded_s": 0.0,
                }
                for i in self.rows
            ],
            schema=WINDOWS,
        )  # fmt: skip

    def recordings(self) -> pa.Table:
        return pa.Table.from_pylist(
            [
                {
                    "recording_id": self.recording_id(i), "path": self.path(i), "bytes": 441044,
                    "sample_rate": 44100, "channels": 1, "frames": 220500, "duration_s": 5.0,
                    "format": "WAV", "subtype": "PCM_16", "status": "ok",
                }
                for i in self.rows
            ],
            schema=RECORDINGS,
        )  # fmt: skip

    def metadata(self) -> pa.Table:
        start = datetime(2026, 5, 1, 4, 30, tzinfo=UTC)
        table = pa.Table.from_pylist(
            [
                {
                    "path": self.path(i), "filename": Path(self.path(i)).name, "subfolder": "audio",
                    "label": self.label(i) if self.labelled else None, "target": i % 5,
                    "fold": i % 5 + 1, "category": self.label(i),
                    "major_group": "animals" if i % 5 in (0, 2) else None,
                    "lat": 40.0 + i % 10, "lon": -5.0 + i % 20, "coordinates": "given",
                    "esc10": True, "src_file": str(i), "take": "A",
                    "start_time": start + timedelta(minutes=i),
                }
                for i in self.rows
            ],
            schema=METADATA,
        )  # fmt: skip
        for name, values in self.custom.items():
            table = table.append_column(name, pa.array([values[i] for i in self.rows]))
        return table

    def vectors(self, seed: int = 0) -> np.ndarray:
        """float32 [count, dim], off-centre, so that centring would change the ranking."""
        rng = np.random.default_rng(seed)
        centres = rng.normal(size=(5, self.dim)) + 2.0
        noise = rng.normal(size=(self.count, self.dim)) * 0.7
        return (centres[np.arange(self.count) % 5] + noise).astype(np.float32)

    def write_pngs(self) -> None:
        for i in self.rows:
            path = self.png_dir / f"{self.window_id(i)}.png"
            if not path.exists():
                ramp = (np.add.outer(np.arange(16), np.arange(24) * (1 + i % 5)) * 7) % 256
                Image.fromarray(ramp.astype(np.uint8)).save(path)

    def write_embeddings(self, name: str, vectors: np.ndarray) -> Path:
        schema = embeddings_schema(vectors.shape[1])
        path = self.root / f"{name}.parquet"
        columns = [
            [self.window_id(i) for i in self.rows],
            [self.recording_id(i) for i in self.rows],
            [0.0] * len(self.rows),
            [5.0] * len(self.rows),
            ["s"] * len(self.rows),
            pa.FixedSizeListArray.from_arrays(vectors[self.rows].ravel(), vectors.shape[1]),
        ]
        pq.write_table(pa.Table.from_arrays([pa.array(c) for c in columns], schema=schema), path)
        return path

    def coordinates(self, vectors: np.ndarray, seed: int = 0) -> pa.Table:
        plane = np.random.default_rng(seed).normal(size=(vectors.shape[1], 2))
        points = (vectors[self.rows] @ plane).astype(np.float32)
        columns = [[self.window_id(i) for i in self.rows], points[:, 0], points[:, 1]]
        return pa.Table.from_arrays([pa.array(c) for c in columns], schema=COORDINATES)

    def clusters(self) -> pa.Table:
        columns = [
            [self.window_id(i) for i in self.rows],
            pa.array([i % 5 - 1 for i in self.rows], pa.int32()),
            pa.array([0.5] * len(self.rows), pa.float32()),
            pa.array([i / 1000 for i in self.rows], pa.float32()),
            pa.array([None] * len(self.rows), pa.int32()),
        ]
        return pa.Table.from_arrays([pa.array(c) for c in columns], schema=CLUSTERS)

    def sync(
        self, home: Home, checkpoint: str = "tiny-mae", seed: int = 0, **settings: object
    ) -> SyncReport:
        """Write what the pipeline would have written, then synchronise."""
        self.write_pngs()
        vectors = self.vectors(seed)
        return sync_dataset(
            home, self, checkpoint,
            windows=self.windows(), metadata=self.metadata(), recordings=self.recordings(),
            png_dir=self.png_dir, embeddings=self.write_embeddings(checkpoint, vectors),
            umap=self.coordinates(vectors, 1), tsne=self.coordinates(vectors, 2),
            clusters=self.clusters(), signature="s", settings=Settings(**settings),  # type: ignore[arg-type]
        )  # fmt: skip
