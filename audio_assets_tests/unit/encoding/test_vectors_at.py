"""Vectors of some rows of an embeddings table, taken block by block."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audio_assets.encoding.embeddings_file import rows_per_group, vectors_at, vectors_of
from audio_assets.schemas import embeddings_schema

DIM = 2048


@pytest.mark.parametrize("chunks", [[1], [700, 1, 4000], [5000]])
def test_vectors_of_rows_come_from_any_chunk(chunks: list[int]) -> None:
    vectors = np.random.default_rng(4).standard_normal((sum(chunks), DIM)).astype(np.float32)
    assert sum(chunks) == 1 or sum(chunks) > rows_per_group(DIM), "more than one block"
    schema = embeddings_schema(DIM)
    parts = np.split(vectors, np.cumsum(chunks)[:-1])
    table = pa.Table.from_batches([batch(part, schema) for part in parts])
    rng = np.random.default_rng(5)
    for count in (0, 1, len(vectors) // 3, len(vectors)):
        rows = np.sort(rng.choice(len(vectors), count, replace=False))
        assert np.array_equal(vectors_at(table, rows), vectors[rows])
    later = np.arange(len(vectors) // 2)
    assert np.array_equal(
        vectors_at(table.slice(len(vectors) // 2), later),
        vectors[len(vectors) // 2 :][: len(later)],
    )
    assert np.array_equal(vectors_of(table), vectors)


def batch(vectors: np.ndarray, schema: pa.Schema) -> pa.RecordBatch:
    """Rows of which only the vectors matter."""
    count = len(vectors)
    text, second = pa.array(["a"] * count), pa.array(np.zeros(count))
    values = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    return pa.RecordBatch.from_arrays([text, text, second, second, text, values], schema=schema)
