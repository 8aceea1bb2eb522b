"""A home with the vectors of a folder, made up so that a class is known: no model, no sound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.schemas import METADATA, RECORDINGS, embeddings_schema
from audio_assets.storage import write_parquet

RATE, DIM = 8000, 32
CHECKPOINT = "made-up"


@dataclass
class LabelledSpace:
    """`recordings` recordings of `windows` windows each; every fourth recording is a wren."""

    home: Home
    recordings: int = 24
    windows: int = 1
    key: str = "yard"
    wrens: list[bool] = field(default_factory=list)
    window_ids: list[str] = field(default_factory=list)

    def write(self) -> LabelledSpace:
        """Store what a run would have stored."""
        root = self.home.root / "sounds"
        root.mkdir(parents=True, exist_ok=True)
        policy = "clip" if self.windows == 1 else "sliding"
        grid = WindowGrid(policy=policy, window_s=1.0, hop_s=1.0)
        FolderRegistry(self.home).register(root, self.key, grid=grid)
        table = with_grid(pa.Table.from_pylist(self._rows(), schema=RECORDINGS), grid)
        write_parquet(self.home.asset("raw_audio", folder=self.key), table)
        paths = table["path"].to_pylist()
        labels = ["wren" if self._is_wren(path) else "wind" for path in paths]
        metadata = [
            {"path": path, "filename": path, "label": label}
            for path, label in zip(paths, labels, strict=True)
        ]
        write_parquet(
            self.home.asset("metadata_table", folder=self.key),
            pa.Table.from_pylist(metadata, schema=METADATA),
        )
        cut = make_windows(table, grid)
        self.window_ids = cut["window_id"].to_pylist()
        self.wrens = [self._is_wren(path) for path in cut["path"].to_pylist()]
        self._write_vectors(cut)
        return self

    def of(self, wren: bool, count: int, *, skip: int = 0) -> list[str]:
        """Ids of some windows that are wrens, or are not."""
        found = [
            i for i, is_wren in zip(self.window_ids, self.wrens, strict=True) if is_wren == wren
        ]
        return found[skip : skip + count]

    def _rows(self) -> list[dict[str, object]]:
        return [
            {
                "recording_id": hashlib.sha256(str(i).encode()).hexdigest(),
                "path": f"{i:03}.wav", "bytes": 1, "sample_rate": RATE, "channels": 1,
                "frames": RATE * self.windows, "duration_s": float(self.windows),
                "format": "WAV", "subtype": "PCM_16", "status": "ok",
            }
            for i in range(self.recordings)
        ]  # fmt: skip

    def _is_wren(self, path: str) -> bool:
        return int(Path(path).stem) % 4 == 0

    def _write_vectors(self, cut: pa.Table) -> None:
        """Vectors in a narrow cone, as real ones are; wrens lean to one side."""
        rng = np.random.default_rng(7)
        cone, lean = rng.normal(size=(2, DIM))
        vectors = 10 * cone + rng.normal(size=(cut.num_rows, DIM))
        vectors += np.array(self.wrens)[:, None] * 1.5 * lean
        names = ("window_id", "recording_id", "start_s", "end_s")
        columns = [cut[name].combine_chunks() for name in names]
        columns += [
            pa.array(["s"] * cut.num_rows),
            pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float32).ravel()), DIM),
        ]
        write_parquet(
            self.home.asset("embeddings", checkpoint=CHECKPOINT, folder=self.key),
            pa.Table.from_arrays(columns, schema=embeddings_schema(DIM)),
        )
