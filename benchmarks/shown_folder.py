"""A folder of any number of windows as runs would have stored it, without sound or a model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

CHECKPOINTS = ("first", "second")
CLASSES = ("dog", "rain", "rooster", "chainsaw", "sea_waves", "whale", "robin", "ship")
PICTURES = 16


@dataclass
class ShownFolder:
    """`count` clips of 5 s in a home: tables, vectors, coordinates, clusters, pictures."""

    home: Any
    root: Path
    key: str
    count: int
    dim: int = 768

    def write(self, checkpoints: tuple[str, ...] = CHECKPOINTS) -> ShownFolder:
        """Write everything but the FiftyOne data set."""
        from audio_assets.folders import FolderRegistry
        from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
        from audio_assets.storage import write_parquet

        grid = WindowGrid(policy="clip", window_s=5.0, hop_s=5.0)
        self.root.mkdir(parents=True, exist_ok=True)
        self.folder = FolderRegistry(self.home).register(self.root, self.key, grid=grid)
        self.recordings = with_grid(self._recordings(), grid)
        self.windows = make_windows(self.recordings, grid)
        self.metadata = self._metadata()
        self.png_dir = self.home.asset("spectrograms", folder=self.key) / "png"
        self._draw()
        write_parquet(self.home.asset("raw_audio", folder=self.key), self.recordings)
        write_parquet(self.home.asset("metadata_table", folder=self.key), self.metadata)
        for seed, name in enumerate(checkpoints):
            for asset, table in self._outputs(seed).items():
                write_parquet(self.home.asset(asset, checkpoint=name, folder=self.key), table)
        return self

    def sync(self, checkpoint: str = CHECKPOINTS[0]) -> Any:
        """Bring the FiftyOne data set up to date, as the asset of that name does."""
        from audio_assets.explore.sync import sync_dataset
        from audio_assets.settings import load_settings
        from audio_assets.storage import read_parquet

        def stored(name: str) -> Path:
            return self.home.asset(name, checkpoint=checkpoint, folder=self.key)

        return sync_dataset(
            self.home, self.folder, checkpoint, windows=self.windows, metadata=self.metadata,
            recordings=self.recordings, png_dir=self.png_dir, embeddings=stored("embeddings"),
            umap=read_parquet(stored("umap_coords")), tsne=read_parquet(stored("tsne_coords")),
            clusters=read_parquet(stored("clusters")), signature=checkpoint,
            settings=load_settings(home=self.home.root),
        )  # fmt: skip

    def _recordings(self) -> pa.Table:
        from audio_assets.schemas import RECORDINGS

        rows = [
            {
                "recording_id": f"{i:016x}".ljust(64, "0"), "path": f"clip-{i:08d}.wav",
                "bytes": 441044, "sample_rate": 44100, "channels": 1, "frames": 220500,
                "duration_s": 5.0, "format": "WAV", "subtype": "PCM_16", "status": "ok",
            }
            for i in range(self.count)
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=RECORDINGS)

    def _metadata(self) -> pa.Table:
        from audio_assets.schemas import METADATA

        start = datetime(2026, 5, 1, tzinfo=UTC)
        rows = [
            {
                "path": f"clip-{i:08d}.wav", "filename": f"clip-{i:08d}.wav",
                "label": CLASSES[i % 8], "category": CLASSES[i % 8], "target": i % 8,
                "fold": i % 5 + 1, "lat": 30.0 + i % 25, "lon": -20.0 + i % 40,
                "coordinates": "given", "start_time": start + timedelta(seconds=5 * i),
            }
            for i in range(self.count)
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=METADATA)

    def _outputs(self, seed: int) -> dict[str, pa.Table]:
        from audio_assets.analysis.similarity import SimilarityIndex, neighbours_table
        from audio_assets.analysis.umap_layout import pca_layout
        from audio_assets.schemas import CLUSTERS, COORDINATES, embeddings_schema

        random = np.random.default_rng(seed)
        centres = random.standard_normal((8, self.dim))
        noise = random.standard_normal((self.count, self.dim))
        vectors = (centres[np.arange(self.count) % 8] + noise).astype(np.float32)
        ids = self.windows["window_id"].combine_chunks()
        plain = [self.windows[n] for n in ("window_id", "recording_id", "start_s", "end_s")]
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), self.dim)
        signature = pa.array([f"{seed}" * 64] * self.count)
        places = pca_layout(vectors[:, :64], 2)
        half = pa.array(np.full(self.count, 0.5, np.float32))
        numbers = pa.array(np.arange(self.count, dtype=np.int32) % 8)
        exemplar = pa.array([None] * self.count, pa.int32())
        coordinates = pa.Table.from_arrays(
            [ids, *(pa.array(np.ascontiguousarray(p)) for p in places.T)], schema=COORDINATES
        )
        return {
            "embeddings": pa.Table.from_arrays(
                [*plain, signature, flat], schema=embeddings_schema(self.dim)
            ),
            "similarity_index": neighbours_table(SimilarityIndex(ids, vectors), 20),
            "umap_coords": coordinates,
            "tsne_coords": coordinates,
            "clusters": pa.Table.from_arrays([ids, numbers, half, half, exemplar], schema=CLUSTERS),
        }

    def _draw(self) -> None:
        """Sixteen pictures of the size of real ones; every window has one of them by a link."""
        from PIL import Image

        self.png_dir.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(5)
        names = self.windows["window_id"].to_pylist()
        for i, name in enumerate(names):
            path = self.png_dir / f"{name}.png"
            if i < PICTURES:
                ramp = np.linspace(0, 200, 224)[:, None] + random.normal(0, 12, (224, 430))
                Image.fromarray(np.clip(ramp, 0, 255).astype(np.uint8)).save(path)
            elif not path.exists():
                os.link(self.png_dir / f"{names[i % PICTURES]}.png", path)
