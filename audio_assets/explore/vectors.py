"""Vectors of one checkpoint: from the embeddings file into a FiftyOne vector field."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import fiftyone as fo
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.errors import EncodingError, NotMaterializedError, StorageError

BATCH_ROWS = 8192


@dataclass(frozen=True)
class Vectors:
    """Vectors in the order of the windows; `present[i]` is False where a window has none."""

    rows: np.ndarray  # float32 [N, D]
    present: np.ndarray  # bool [N]
    digest: str

    def of(self, index: int) -> np.ndarray | None:
        """The vector of a window, float32 [D]."""
        return self.rows[index] if self.present[index] else None


def read_vectors(path: Path, window_ids: list[str]) -> Vectors:
    """Read an embeddings file (`schemas.embeddings_schema`) and align it with the windows.

    Raises:
        NotMaterializedError: the file is not there.
        StorageError: it is damaged.
        EncodingError: a vector is not finite.
    """
    if not path.is_file():
        raise NotMaterializedError(f"There are no embeddings at {path}. Run `audio-assets run`.")
    position = {w: i for i, w in enumerate(window_ids)}
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:  # else it is kept until closed
            dim = file.schema_arrow.field("embedding").type.list_size
            rows = np.zeros((len(window_ids), dim), dtype=np.float32)
            present = np.zeros(len(window_ids), dtype=bool)
            for batch in file.iter_batches(BATCH_ROWS, columns=["window_id", "embedding"]):
                order = np.array([position.get(w, -1) for w in batch["window_id"].to_pylist()])
                here = np.flatnonzero(order >= 0)
                flat = np.asarray(batch["embedding"].flatten(), dtype=np.float32)
                rows[order[here]] = flat.reshape(-1, dim)[here]
                present[order[here]] = True
    except (OSError, KeyError, pa.ArrowException) as error:
        raise StorageError(f"{path} cannot be read as embeddings: {error}.") from error
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise EncodingError(
            f"{path} has {len(bad)} vectors that are not finite, as of {window_ids[bad[0]]}."
        )
    return Vectors(rows, present, _digest(window_ids, rows, present))


def update_vectors(dataset: fo.Dataset, field: str, ids: list[str], vectors: Vectors) -> int:
    """Write the vectors that differ from the stored ones.

    Args:
        dataset: of the samples.
        field: a declared VectorField.
        ids: of the samples, in the order of `vectors`.
        vectors: what is to be stored.

    Returns:
        How many were written.
    """
    stored = dict(zip(*dataset.values(["id", field]), strict=True))
    changed: dict[str, np.ndarray | None] = {}
    for index, sample_id in enumerate(ids):
        old, new = stored[sample_id], vectors.of(index)
        same = old is None if new is None else old is not None and np.array_equal(old, new)
        if not same:
            changed[sample_id] = new
    if changed:
        dataset.set_values(field, changed, key_field="id", progress=False)
    return len(changed)


def _digest(window_ids: list[str], rows: np.ndarray, present: np.ndarray) -> str:
    digest = hashlib.sha256("\n".join(window_ids).encode())
    digest.update(present.tobytes())
    for start in range(0, len(rows), 4096):
        digest.update(rows[start : start + 4096].tobytes())
    return digest.hexdigest()
