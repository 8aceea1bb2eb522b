"""A home with everything that a report shows, made by hand: no model, no UMAP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from audio_assets.analysis.clustering.parameters import ClusterParameters
from audio_assets.analysis.clusters import cluster_windows
from audio_assets.encoding.previews import png_name
from audio_assets.home import Home
from audio_assets.recordings.windows import grid_of, with_grid
from audio_assets.schemas import COORDINATES, METADATA, RECORDINGS
from audio_assets.storage import read_parquet, write_json, write_parquet
from audio_assets.transforms.spectrogram_png import write_preview_png
from audio_assets_tests.stored_sets import class_vectors, store_folder, store_vectors

HOSTILE = "<b>&amp; 'quo\"te' кит鯨 $x_1$.wav"
MODEL = "ears"


def reported_home(
    home: Home,
    key: str = "reef",
    *,
    recordings: int = 24,
    labelled: bool = True,
    pictured: int = 48,
):
    """Recordings of four classes under the checkpoint `ears`, with maps, clusters and pictures."""
    windows = store_folder(home, key, recordings, labelled)
    store_vectors(home, key, MODEL, windows, class_vectors(len(windows)))
    embeddings = read_parquet(home.asset("embeddings", folder=key, checkpoint=MODEL))
    for name in ("umap_coords", "tsne_coords"):
        points = class_vectors(len(windows), dim=2, spread=0.1)
        columns = [windows["window_id"].combine_chunks(), *map(pa.array, points.T.copy())]
        table = pa.Table.from_arrays(columns, schema=COORDINATES)
        write_parquet(home.asset(name, folder=key, checkpoint=MODEL), table)
    parameters = ClusterParameters(
        method="kmeans", umap_dimensions=0, n_clusters=min(4, len(windows))
    )
    clusters = cluster_windows(embeddings, parameters)
    write_parquet(home.asset("clusters", folder=key, checkpoint=MODEL), clusters)
    pictures = home.asset("spectrograms", folder=key) / "png"
    pictures.mkdir(parents=True)
    image = np.add.outer(np.arange(24), np.arange(32)).astype(np.uint8)
    for window_id in windows["window_id"].to_pylist()[:pictured]:
        write_preview_png(image, pictures / png_name(window_id))
    card = {"weights_sha256": "ab" * 32, "licence": "CC BY 4.0 (test)", "encoding_fields": {}}
    write_json(home.asset("model_checkpoint", checkpoint=MODEL), card)


def add_troubles(home: Home, key: str = "reef") -> None:
    """A failed file with a hostile name, a duplicate, and a hostile label."""
    path = home.asset("raw_audio", folder=key)
    table = read_parquet(path)
    rows = table.to_pylist()
    extra = {"bytes": 3, "recording_id": None}
    rows.append({**extra, "path": HOSTILE, "status": "failed", "reason": "ends <early> & badly"})
    rows.append({**extra, "path": "copy.wav", "status": "duplicate", "duplicate_of": "000.wav"})
    grid = grid_of(table)
    write_parquet(path, with_grid(pa.Table.from_pylist(rows, schema=RECORDINGS), grid))
    known = home.asset("metadata_table", folder=key)
    labels = read_parquet(known).to_pylist()
    for row in labels:
        row["label"] = "<i>R&B</i>" if row["label"] == "dog" else row["label"]
    write_parquet(known, pa.Table.from_pylist(labels, schema=METADATA))


def add_times_and_places(home: Home, key: str = "reef") -> None:
    """Recordings every 3 h 40 min, at two places by turns."""
    known = home.asset("metadata_table", folder=key)
    rows = read_parquet(known).to_pylist()
    for i, row in enumerate(rows):
        row["start_time"] = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=220 * i)
        row["lat"], row["lon"], row["coordinates"] = 36.8, -121.8 + i % 2, "given"
    write_parquet(known, pa.Table.from_pylist(rows, schema=METADATA))
