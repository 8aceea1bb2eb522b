"""A small folder of synthesized recordings in formats and rates of all kinds, as a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile as sf

from audio_assets.encoding.previews import png_name
from audio_assets.explore.sync import SyncReport, sync_dataset
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.loaders.metadata_table import build_metadata_table
from audio_assets.recordings.decode import read_span
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.schemas import COORDINATES, embeddings_schema
from audio_assets.settings import Settings
from audio_assets.storage import write_parquet
from audio_assets.transforms.span_picture import span_picture

CHECKPOINT = "tiny-mae"
WINDOW_S = 2.0
RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"
    "\tSpecies\n"
    "1\tWaveform 1\t1\t0.5\t1.0\t800\t1200\twren\n"
    "1\tSpectrogram 1\t1\t0.5\t1.0\t800\t1200\twren\n"
    "2\tSpectrogram 1\t1\t1.2\t1.6\t2500\t3500\trobin\n"
    "3\tSpectrogram 1\t1\t1.8\t2.6\t2500\t3500\trobin\n"
)


def tones(seconds: float, rate: int, channels: int = 1, f: float = 1000.0) -> np.ndarray:
    """1 kHz from 0.5 to 1 s, 3 kHz from 1.2 to 1.6 s, a little noise; float64 [n, channels]."""
    time = np.arange(round(seconds * rate)) / rate
    sound = np.random.default_rng(7).normal(size=len(time)) * 0.01
    sound += 0.5 * np.sin(2 * np.pi * f * time) * ((time % 2 > 0.5) & (time % 2 < 1.0))
    sound += 0.4 * np.sin(2 * np.pi * 3 * f * time) * ((time % 2 > 1.2) & (time % 2 < 1.6))
    return np.repeat(sound[:, None], channels, axis=1)


@dataclass
class SoundingFolder:
    """Six recordings of 2 or 6 s with an event table beside one of them."""

    home: Home
    key: str
    root: Path

    def write(self) -> SoundingFolder:
        """Write the recordings."""
        self.root.mkdir(parents=True, exist_ok=True)
        sf.write(self.root / "dawn.wav", tones(6.0, 22050), 22050, subtype="PCM_16")
        sf.write(self.root / "bat.wav", tones(2.0, 192000, f=20000), 192000, subtype="PCM_24")
        sf.write(self.root / "field.aiff", tones(2.0, 44100, 2), 44100, subtype="PCM_16")
        sf.write(self.root / "old.au", tones(2.0, 8000), 8000, subtype="PCM_16")
        sf.write(self.root / "exact.wav", tones(2.0, 48000), 48000, subtype="DOUBLE")
        sf.write(self.root / "deep.flac", tones(2.0, 2000, f=200), 2000, subtype="PCM_24")
        (self.root / "dawn.Table.1.selections.txt").write_text(RAVEN)
        (self.root / "field.labels.txt").write_text("0.500000\t1.000000\tbell\n\\\t900\t1100\n")
        return self

    def sync(self) -> SyncReport:
        """Store what a run would have stored, and synchronise the data set."""
        folder = FolderRegistry(self.home).register(
            self.root, self.key,
            grid=WindowGrid(policy="sliding", window_s=WINDOW_S, hop_s=WINDOW_S),
        )  # fmt: skip
        recordings = with_grid(scan_folder(self.root), folder.grid)
        write_parquet(self.home.asset("raw_audio", folder=self.key), recordings)
        metadata, _ = build_metadata_table(self.root, folder, recordings)
        windows = make_windows(recordings, folder.grid)
        pngs = self.home.asset("spectrograms", folder=self.key) / "png"
        pngs.mkdir(parents=True, exist_ok=True)
        for w in windows.to_pylist():
            sound = read_span(self.root / w["path"], w["start_frame"], w["frames"])
            (pngs / png_name(w["window_id"])).write_bytes(span_picture(sound, 256, 128))
        vectors = np.random.default_rng(1).normal(size=(windows.num_rows, 8)).astype(np.float32)
        return sync_dataset(
            self.home, folder, CHECKPOINT, windows=windows, metadata=metadata,
            recordings=recordings, png_dir=pngs, embeddings=self._embeddings(windows, vectors),
            umap=pa.Table.from_arrays(
                [windows["window_id"], vectors[:, 0].copy(), vectors[:, 1].copy()],
                schema=COORDINATES,
            ),
            tsne=None, clusters=None, signature="s", settings=Settings(),
        )  # fmt: skip

    def _embeddings(self, windows: pa.Table, vectors: np.ndarray) -> Path:
        columns = [windows[n].combine_chunks() for n in ("window_id", "recording_id", "start_s")]
        columns += [windows["end_s"].combine_chunks(), pa.array(["s"] * windows.num_rows)]
        columns.append(pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1]))
        path = self.home.asset("embeddings", checkpoint=CHECKPOINT, folder=self.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            pa.Table.from_arrays(columns, schema=embeddings_schema(vectors.shape[1])), path
        )
        return path
