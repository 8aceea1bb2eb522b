"""A folder of short sounds with places, classes and real clusters, stored without a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import soundfile as sf

from audio_assets.analysis.clusters import ClusterParameters, cluster_windows
from audio_assets.encoding.previews import png_name
from audio_assets.explore.sync import SyncReport, sync_dataset
from audio_assets.folders import AudioFolder, FolderRegistry
from audio_assets.home import Home
from audio_assets.loaders.metadata_table import build_metadata_table
from audio_assets.orchestration.edits import apply_edits
from audio_assets.recordings.decode import read_span
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.synthesize import RATE, synthesize_clip
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.schemas import embeddings_schema
from audio_assets.settings import load_settings
from audio_assets.storage import write_parquet
from audio_assets.transforms.span_picture import span_picture

CHECKPOINT = "tiny-mae"
CLASSES = ("bell", "rain", "siren", "frog_croak")
SECONDS = 1.0
SHARED = (-16.8, 179.5)
"""Latitude and longitude of one recorder; another one lies across the 180th meridian."""


@dataclass
class PlacedFolder:
    """`per_class` clips of four classes; those of a class sound alike to the made-up model.

    Bells and rain come from one recorder on Taveuni and one across the 180th meridian, sirens and
    frogs each from a place of their own in Europe; `without` clips have no place.
    """

    home: Home
    root: Path
    key: str = "islands"
    per_class: int = 6
    without: int = 1
    policy: str = "clip"

    @property
    def folder(self) -> AudioFolder:
        return FolderRegistry(self.home).get(self.key)

    @property
    def count(self) -> int:
        return self.per_class * len(CLASSES)

    def write(self) -> PlacedFolder:
        """Write the sounds, their table, and register the folder."""
        self.root.mkdir(parents=True, exist_ok=True)
        lines = ["filename,label,fold,lat,lon"]
        for i in range(self.count):
            label, number = CLASSES[i % 4], i // 4
            name = f"{label}-{number}.wav"
            sf.write(self.root / name, synthesize_clip(label, number, seconds=self.seconds), RATE)
            lat, lon = self.place(i)
            where = "," if i < self.without else f"{lat},{lon}"
            lines.append(f"{name},{label},{i % 5 + 1},{where}")
        (self.root / "metadata.csv").write_text("\n".join(lines) + "\n")
        grid = WindowGrid(policy=self.policy, window_s=SECONDS, hop_s=SECONDS)  # type: ignore[arg-type]
        FolderRegistry(self.home).register(self.root, self.key, grid=grid)
        return self

    @property
    def seconds(self) -> float:
        return SECONDS if self.policy == "clip" else 2 * SECONDS

    def place(self, i: int) -> tuple[float, float]:
        """Latitude and longitude of the i-th clip."""
        if i % 4 == 0:
            return SHARED
        if i % 4 == 1:
            return SHARED[0], -179.5
        return 45.0 + i % 4, 5.0 + i // 4

    def materialize(self, clusters: int = 4, seed: int = 0) -> SyncReport:
        """Store what a run would have stored, edits included, and synchronise the data set."""
        recordings = with_grid(scan_folder(self.root), self.folder.grid)
        metadata, _ = build_metadata_table(self.root, self.folder, recordings)
        metadata = apply_edits(self.home, self.key, metadata)
        windows = make_windows(recordings, self.folder.grid)
        vectors = self._vectors(windows["path"].to_pylist(), seed)
        embeddings = self._embeddings(windows, vectors)
        parameters = ClusterParameters(
            method="kmeans", n_clusters=clusters, umap_dimensions=None, seed=seed
        )
        found = cluster_windows(embeddings, parameters)
        of_pair = {"embeddings": embeddings, "clusters": found}
        for name, table in {"raw_audio": recordings, "metadata_table": metadata}.items():
            write_parquet(self.home.asset(name, folder=self.key), table)
        for name, table in of_pair.items():
            path = self.home.asset(name, checkpoint=CHECKPOINT, folder=self.key)
            write_parquet(path, table)
        return sync_dataset(
            self.home, self.folder, CHECKPOINT, windows=windows, metadata=metadata,
            recordings=recordings, png_dir=self._pictures(windows),
            embeddings=self.home.asset("embeddings", checkpoint=CHECKPOINT, folder=self.key),
            umap=None, tsne=None, clusters=found, signature="s",
            settings=load_settings(home=self.home.root),
        )  # fmt: skip

    def _pictures(self, windows: pa.Table) -> Path:
        pictures = self.home.asset("spectrograms", folder=self.key) / "png"
        pictures.mkdir(parents=True, exist_ok=True)
        for w in windows.to_pylist():
            sound = read_span(self.root / w["path"], w["start_frame"], w["frames"])
            (pictures / png_name(w["window_id"])).write_bytes(span_picture(sound, 200, 100))
        return pictures

    def _vectors(self, paths: list[str], seed: int) -> np.ndarray:
        """float32 [N, 8]: one axis a class, a little noise."""
        rng = np.random.default_rng(seed)
        number = [CLASSES.index(Path(path).name.rpartition("-")[0]) for path in paths]
        noise = rng.normal(size=(len(paths), 8)) * 0.08
        return (np.eye(8)[number] + noise).astype(np.float32)

    def _embeddings(self, windows: pa.Table, vectors: np.ndarray) -> pa.Table:
        columns = [
            windows[n].combine_chunks() for n in ("window_id", "recording_id", "start_s", "end_s")
        ]
        columns.append(pa.array(["s"] * windows.num_rows))
        columns.append(pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1]))
        return pa.Table.from_arrays(columns, schema=embeddings_schema(vectors.shape[1]))
