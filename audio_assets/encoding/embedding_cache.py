"""The requirements page's embedding cache: `embeddings.npy`, `metadata.json`, `config.json`."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.encoding.embeddings_file import vectors_of
from audio_assets.errors import StorageError
from audio_assets.schemas import RECORDINGS
from audio_assets.storage import read_json, read_parquet, write_json, write_npy, write_parquet


class EmbeddingCache:
    """One directory, one model.

    `embeddings.npy` [N, dim] and `metadata.json` (filenames, timestamp, model_info) are for people
    and notebooks; `recordings.parquet` and `windows.parquet` are what reuse is decided by: a file's
    size, times and hash, and the signature of model and transform. Opening the cache with another
    signature empties it.
    """

    def __init__(self, directory: Path, signature: str) -> None:
        """Open a cache, or begin one.

        Args:
            directory: made when missing.
            signature: of model, transform and resampler.
        """
        self.directory, self.signature = directory, signature
        self.table = directory / "windows.parquet"
        self.work = directory / "work"
        if directory.is_dir() and self._signature() != signature:
            self.invalidate()

    def recordings(self) -> pa.Table:
        """What is known of the files; empty where nothing is."""
        path = self.directory / "recordings.parquet"
        try:
            return read_parquet(path).cast(RECORDINGS)
        except (StorageError, pa.ArrowException, ValueError):
            return RECORDINGS.empty_table()

    def vectors(self, recordings: pa.Table) -> tuple[np.ndarray, dict[str, int]]:
        """Vectors of all cached files, float32 [M, dim], and the row of each path.

        Args:
            recordings: the table that `windows.parquet` was made of.
        """
        table = read_parquet(self.table)
        rows = {name: i for i, name in enumerate(table["recording_id"].to_pylist())}
        pairs = zip(
            recordings["path"].to_pylist(), recordings["recording_id"].to_pylist(), strict=True
        )
        return vectors_of(table), {path: rows[name] for path, name in pairs if name in rows}

    def publish(self, recordings: pa.Table, identity: dict[str, Any]) -> None:
        """Write the files beside `windows.parquet`; the signature last.

        Args:
            recordings: the table that `windows.parquet` was made of.
            identity: what the signature is made of; goes into `config.json`.

        Raises:
            StorageError: when the disk refuses.
        """
        vectors, rows = self.vectors(recordings)
        order = sorted(rows)
        metadata = {
            "filenames": [Path(path).name for path in order],
            "paths": order,
            "timestamp": now_iso(),
            "model_info": {"dim": int(vectors.shape[1]), "signature": self.signature},
        }
        write_parquet(self.directory / "recordings.parquet", recordings)
        write_npy(self.directory / "embeddings.npy", vectors[[rows[path] for path in order]])
        write_json(self.directory / "metadata.json", metadata)
        write_json(self.directory / "config.json", {"signature": self.signature, **identity})

    def timestamp(self) -> str:
        """When the cache was last written, ISO 8601 in UTC."""
        return str(read_json(self.directory / "metadata.json")["timestamp"])

    def invalidate(self) -> None:
        """Remove what the cache holds; files that it did not write stay."""
        names = ("embeddings.npy", "metadata.json", "config.json", "recordings.parquet")
        for name in (*names, self.table.name):
            (self.directory / name).unlink(missing_ok=True)

    def delete(self) -> None:
        """Remove the directory."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _signature(self) -> str | None:
        try:
            return read_json(self.directory / "config.json").get("signature")
        except (StorageError, AttributeError):
            return None


def now_iso() -> str:
    """The time now, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
