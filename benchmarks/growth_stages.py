"""The stages of the growth study: what each reads, and its wall and processor seconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.mixture import BLOCK, fitted

SECONDS, RATE, FILE_SECONDS, DIM = 5, 2000, 600, 256


def write_sounds(root: Path, windows: int) -> None:
    """Recordings of so many windows: noise under tones, no two alike; kept for the next size."""
    import soundfile as sf

    root.mkdir(parents=True, exist_ok=True)
    per_file = FILE_SECONDS // SECONDS
    noise = np.random.default_rng(51).standard_normal(FILE_SECONDS * RATE).astype(np.float32)
    clock = np.arange(FILE_SECONDS * RATE, dtype=np.float32) / RATE
    for number in range(-(-windows // per_file)):
        rng = np.random.default_rng([51, number])
        tone = np.sin(2 * np.pi * rng.uniform(20, 900) * clock)
        sound = 0.1 * np.roll(noise, int(rng.integers(len(noise)))) + 0.2 * tone
        length = min(per_file, windows - number * per_file) * SECONDS * RATE
        day, at = divmod(number * FILE_SECONDS, 86_400)
        hour, second = divmod(at, 3600)
        folder = root / f"2026-01-{day + 1:02}"
        folder.mkdir(exist_ok=True)
        name = f"202601{day + 1:02}_{hour:02}{second // 60:02}00.wav"
        sf.write(folder / name, sound[:length], RATE, "PCM_16")


def tiny_checkpoint(directory: Path) -> Path:
    """A spectrogram encoder of one narrow block at the recordings' own rate."""
    import torch

    from audio_assets.models.card import ModelCard, TransformCard, write_card
    from audio_assets.models.checkpoint_writer import write_weights
    from audio_assets.models.encoder_config import audiomaepp_config
    from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

    path = directory / "tiny"
    path.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(51)
    config = audiomaepp_config(
        width=64, depth=1, first_hidden=64, second_hidden=64, side=64, position_table=False
    )
    write_weights(SpectrogramEncoder(config), path / "weights.safetensors", torch.float32)
    params = {"sample_rate": RATE, "seconds": float(SECONDS), "size": 64, "f_max": RATE / 2}
    card = ModelCard(
        name="tiny", kind="audiomaepp", weights="weights.safetensors", dim=64,
        transform=TransformCard(name="logmel_image", params=params), sample_rate=RATE,
        input_seconds=float(SECONDS), licence="none: random weights",
    )  # fmt: skip
    write_card(card, path / "model.yaml")
    return path


def real_vectors(embeddings: Path | None) -> np.ndarray | None:
    """The vectors of a table, float32 [n, D]; None where none is given."""
    from audio_assets.encoding.embeddings_file import vectors_of
    from audio_assets.storage import read_parquet

    return None if embeddings is None else vectors_of(read_parquet(embeddings))


def vectors_table(windows: int, embeddings: Path | None) -> Any:
    """An embeddings table of the mixture's vectors, in memory."""
    import pyarrow as pa

    from audio_assets.schemas import embeddings_schema

    mixture = fitted(real_vectors(embeddings), DIM)
    blocks = [mixture.block(i, min(BLOCK, windows - at))
              for i, at in enumerate(range(0, windows, BLOCK))]  # fmt: skip
    vectors = np.concatenate(blocks)
    ids = [f"{i:016x}@0+{SECONDS * RATE}" for i in range(windows)]
    starts = np.arange(windows) * float(SECONDS)
    columns = [
        pa.array(ids), pa.array(["0" * 64] * windows), pa.array(starts),
        pa.array(starts + SECONDS), pa.array(["5" * 64] * windows),
        pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIM),
    ]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=embeddings_schema(DIM))


def run_sound_stage(name: str, windows: int, work: Path) -> np.ndarray:
    """Wall and processor seconds of one of the stages that read recordings."""
    from audio_assets.recordings.scan import scan_folder
    from audio_assets.recordings.windows import WindowGrid, with_grid
    from audio_assets.storage import read_parquet, write_parquet

    root, table = work / "sounds" / str(windows), work / f"recordings-{windows}.parquet"
    if name == "scan":
        write_sounds(root, windows)
        started = _now()
        grid = WindowGrid(policy="sliding", window_s=SECONDS, hop_s=SECONDS)
        write_parquet(table, with_grid(scan_folder(root), grid))
        return _now() - started
    recordings = read_parquet(table)
    from audio_assets.encoding.encode import encode_folder
    from audio_assets.models.encoder import load_encoder

    out = work / f"embeddings-{windows}.parquet"
    encoder = load_encoder(tiny_checkpoint(work), device="cpu")
    started = _now()
    report = encode_folder(
        root, recordings, encoder, signature="5" * 64, previous=out, out=out,
        work_dir=work / f"work-{windows}",
    )  # fmt: skip
    assert report.encoded == (windows if name == "encode" else 0), report
    return _now() - started


def run_vector_stage(name: str, windows: int, work: Path, embeddings: Path | None) -> np.ndarray:
    """Wall and processor seconds of one of the stages that read vectors."""
    if name == "windows":
        return cut_windows(windows)
    if name == "write_vectors":
        return write_blockwise(windows, work, embeddings)
    table = vectors_table(windows, embeddings)
    started = _now()
    if name == "similarity":
        from audio_assets.analysis.similarity import SimilarityIndex, neighbours_table
        from audio_assets.encoding.embeddings_file import vectors_of

        ids = table["window_id"].combine_chunks()
        neighbours_table(SimilarityIndex(ids, vectors_of(table)))
    elif name == "umap":
        from audio_assets.analysis.projection import umap_coordinates

        umap_coordinates(table)
    elif name == "tsne":
        from audio_assets.analysis.projection import tsne_coordinates

        tsne_coordinates(table, threads=1)
    else:
        from audio_assets.analysis.clusters import cluster_windows

        cluster_windows(table)
    return _now() - started


def cut_windows(windows: int) -> np.ndarray:
    """Wall and processor seconds to make the table of windows of one long recording."""
    from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid

    grid = WindowGrid(policy="sliding", window_s=SECONDS, hop_s=SECONDS)
    recordings = with_grid(one_recording(windows), grid)
    started = _now()
    assert make_windows(recordings, grid).num_rows == windows
    return _now() - started


def write_blockwise(windows: int, work: Path, embeddings: Path | None) -> np.ndarray:
    """Wall and processor seconds to write an embeddings table and read it back, a row group
    in memory at a time.
    """
    from audio_assets.encoding.embeddings_file import (
        EmbeddingsFile,
        rows_per_group,
        write_embeddings,
    )
    from audio_assets.recordings.windows import WindowGrid, make_windows, with_grid

    mixture = fitted(real_vectors(embeddings), DIM)
    grid = WindowGrid(policy="sliding", window_s=SECONDS, hop_s=SECONDS)
    rows = make_windows(with_grid(one_recording(windows), grid), grid)
    step, spent = rows_per_group(DIM), np.zeros(2)

    def blocks():
        nonlocal spent
        for i, at in enumerate(range(0, windows, step)):
            began = _now()
            block = mixture.block(i, min(step, windows - at))
            spent = spent + _now() - began
            yield block

    path = work / f"vectors-{windows}.parquet"
    started = _now()
    write_embeddings(path, rows, "5" * 64, DIM, blocks(), {})
    file = EmbeddingsFile(path)
    for at in range(0, windows, step):
        file.take(np.arange(at, min(at + step, windows)))
    file.close()
    seconds = _now() - started - spent
    path.unlink()
    return seconds


def one_recording(windows: int) -> Any:
    """A recordings table of one long recording."""
    import pyarrow as pa

    from audio_assets.schemas import RECORDINGS

    row = {
        "recording_id": "0" * 64, "path": "year.wav", "bytes": 1, "sample_rate": RATE,
        "channels": 1, "frames": windows * SECONDS * RATE, "duration_s": float(windows * SECONDS),
        "status": "ok",
    }  # fmt: skip
    return pa.Table.from_pylist([row], schema=RECORDINGS)


def _now() -> np.ndarray:
    """Wall clock, and processor time of this process and those it started, seconds."""
    helpers = [p.cpu_times() for p in psutil.Process().children(recursive=True)]
    spent = time.process_time() + sum(t.user + t.system for t in helpers)
    return np.array([time.perf_counter(), spent])
