"""A folder of synthesized sounds under two tiny checkpoints, stored without a pipeline run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import soundfile as sf

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.recordings.synthesize import RATE, synthesize_clip
from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid
from audio_assets.schemas import CLUSTERS, COORDINATES, METADATA, RECORDINGS, embeddings_schema
from audio_assets.settings import FAKE_CHECKPOINT, load_settings
from audio_assets.storage import write_parquet

CLASSES = ("bell", "rain", "siren", "frog_croak")
PER_CLASS = 6
SECONDS = 2.0
GRID = WindowGrid(policy="clip", window_s=SECONDS, hop_s=SECONDS)
OTHER = "other"


@dataclass
class SoundingFolder:
    """Clips of four classes in a home; `materialize` writes what a run would have written."""

    home: Home
    root: Path
    key: str = "yard"
    checkpoints: tuple[str, ...] = (FAKE_CHECKPOINT, OTHER)
    labels: list[str] = field(default_factory=list)

    def materialize(self) -> None:
        """Sounds, tables, vectors of every checkpoint, and the FiftyOne data set."""
        recordings = self._write_sounds()
        FolderRegistry(self.home).register(self.root, self.key, grid=GRID)
        recordings = with_grid(recordings, GRID)
        windows = make_windows(recordings, GRID)
        metadata = self._metadata(recordings)
        write_parquet(self.home.asset("raw_audio", folder=self.key), recordings)
        write_parquet(self.home.asset("metadata_table", folder=self.key), metadata)
        for number, checkpoint in enumerate(self.checkpoints):
            tiny_checkpoint(self.home, checkpoint, seed=51 + number)
            self._encode(checkpoint, recordings, windows, metadata)

    def _write_sounds(self) -> pa.Table:
        (self.root / "audio").mkdir(parents=True, exist_ok=True)
        rows = []
        for label in CLASSES:
            for number in range(PER_CLASS):
                path = self.root / "audio" / f"{label}-{number}.wav"
                sf.write(path, synthesize_clip(label, number, seconds=SECONDS), RATE)
                frames = round(RATE * SECONDS)
                rows.append(
                    {
                        "recording_id": hashlib.sha256(path.read_bytes()).hexdigest(),
                        "path": f"audio/{path.name}", "bytes": path.stat().st_size,
                        "sample_rate": RATE, "channels": 1, "frames": frames,
                        "duration_s": SECONDS, "format": "WAV", "subtype": "PCM_16",
                        "status": "ok",
                    }
                )  # fmt: skip
        rows.sort(key=lambda row: row["path"])
        self.labels = [row["path"].split("/")[1].split("-")[0] for row in rows]
        return pa.Table.from_pylist(rows, schema=RECORDINGS)

    def _metadata(self, recordings: pa.Table) -> pa.Table:
        rows = [
            {"path": path, "filename": Path(path).name, "label": label, "category": label,
             "fold": i % 5 + 1}
            for i, (path, label) in enumerate(
                zip(recordings["path"].to_pylist(), self.labels, strict=True)
            )
        ]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=METADATA)

    def _encode(
        self, checkpoint: str, recordings: pa.Table, windows: pa.Table, metadata: pa.Table
    ) -> None:
        from audio_assets.analysis.similarity import SimilarityIndex, neighbours_table
        from audio_assets.analysis.umap_layout import pca_layout
        from audio_assets.encoding.query_encoders import QueryEncoders
        from audio_assets.explore.sync import sync_dataset

        settings = load_settings(home=self.home.root, device="cpu")
        encoders = QueryEncoders(self.home, settings)
        paths = [self.root / path for path in windows["path"].to_pylist()]
        vectors = np.stack([encoders.encode_file(checkpoint, path) for path in paths])
        pictures = self.home.assets / "spectrograms" / self.key / "png"
        self._draw(pictures, paths, windows["window_id"].to_pylist())

        ids = windows["window_id"].combine_chunks()
        made = hashlib.sha256(checkpoint.encode()).hexdigest()
        columns = {n: windows[n] for n in ("window_id", "recording_id", "start_s", "end_s")}
        columns["encoding_signature"] = pa.array([made] * len(windows))
        dim = vectors.shape[1]
        columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
        outputs = {
            "embeddings": pa.table(columns, schema=embeddings_schema(dim)),
            "similarity_index": neighbours_table(SimilarityIndex(ids, vectors), 20),
            "clusters": self._clusters(ids),
        }
        for kind, extra in (("umap_coords", 0), ("tsne_coords", 1)):
            flat = pca_layout(vectors, 2 + extra)[:, extra:]
            outputs[kind] = pa.table([ids, flat[:, 0].copy(), flat[:, 1].copy()],
                                     schema=COORDINATES)  # fmt: skip
        for name, table in outputs.items():
            write_parquet(self.home.asset(name, checkpoint=checkpoint, folder=self.key), table)
        sync_dataset(
            self.home, FolderRegistry(self.home).get(self.key), checkpoint, windows=windows,
            metadata=metadata, recordings=recordings, png_dir=pictures,
            embeddings=self.home.asset("embeddings", checkpoint=checkpoint, folder=self.key),
            umap=outputs["umap_coords"], tsne=outputs["tsne_coords"],
            clusters=outputs["clusters"], signature=made, settings=settings,
        )  # fmt: skip

    def _clusters(self, ids: pa.Array) -> pa.Table:
        names: list[str] = sorted(CLASSES)
        number = [names.index(label) for label in self.labels]
        floats = pa.array([0.5] * len(ids), pa.float32())
        exemplar = pa.array([None] * len(ids), pa.int32())
        columns = [ids, pa.array(number, pa.int32()), floats, floats, exemplar]
        return pa.Table.from_arrays(columns, schema=CLUSTERS)

    def _draw(self, pictures: Path, paths: list[Path], ids: list[str]) -> None:
        from audio_assets.encoding.previews import Previews
        from audio_assets.models.registry import resolve_checkpoint
        from audio_assets.recordings.model_input import fit
        from audio_assets.recordings.resample import resample
        from audio_assets.transforms.registry import make_transform

        card = resolve_checkpoint(self.checkpoints[0], self.home).card
        transform = make_transform(card.transform.name, card.transform.params)
        previews = Previews(pictures, "s", transform)  # pyright: ignore[reportArgumentType]
        for path, window_id in zip(paths, ids, strict=True):
            sound = resample(sf.read(path, dtype="float32")[0], RATE, card.sample_rate)
            previews.write(window_id, transform(fit(sound, card.input_samples)[None])[0])


def tiny_checkpoint(home: Home, name: str, seed: int) -> None:
    """Write an untrained encoder; another seed sees sounds otherwise."""
    import torch

    from audio_assets.models.card import CARD_FILE, write_card
    from audio_assets.models.checkpoint_writer import write_weights
    from audio_assets.models.encoder_config import audiomaepp_config
    from audio_assets.models.proposal import propose_card
    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

    directory = home.checkpoints / name
    directory.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = audiomaepp_config(
            width=64, depth=1, first_hidden=64, second_hidden=64, side=32, position_table=False
        )
        write_weights(SpectrogramEncoder(config), directory / "weights.safetensors", torch.float32)
    card = propose_card(directory / "weights.safetensors")
    card = card.model_copy(update={"name": name, "licence": "none: random weights of a test"})
    write_card(card, directory / CARD_FILE)
