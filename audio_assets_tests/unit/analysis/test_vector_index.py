"""The index on disk: the exact search's answers, filtered in one query, built in parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from audio_assets.analysis.similarity import SimilarityIndex
from audio_assets.encoding.embeddings_file import rows_per_group, write_embeddings
from audio_assets.errors import UsageError

pytest.importorskip("lancedb", reason="pip install 'audio-assets[lancedb]'")

from audio_assets.analysis import vector_index
from audio_assets.analysis.vector_index import VectorIndex

DIM, ROWS = 32, 6000


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Clumps, as embeddings are."""
    random = np.random.default_rng(3)
    centres = random.standard_normal((40, DIM))
    found = centres[random.integers(0, 40, ROWS)] + 0.4 * random.standard_normal((ROWS, DIM))
    found[7] = 0
    return found.astype(np.float32)


@pytest.fixture(scope="module")
def ids() -> list[str]:
    return [f"{i // 10:016x}@{i % 10}+1" for i in range(ROWS)]


@pytest.fixture(scope="module")
def embeddings(
    tmp_path_factory: pytest.TempPathFactory, vectors: np.ndarray, ids: list[str]
) -> Path:
    path = tmp_path_factory.mktemp("vectors") / "embeddings.parquet"
    windows = pa.table(
        {
            "window_id": ids,
            "recording_id": [i[:16] for i in ids],
            "start_s": np.arange(ROWS, dtype=float),
            "end_s": np.arange(ROWS) + 1.0,
        }
    )
    step = rows_per_group(DIM)
    blocks = (vectors[b : b + step] for b in range(0, ROWS, step))
    write_embeddings(path, windows, "s" * 64, DIM, blocks, {})
    return path


@pytest.fixture(scope="module")
def metadata() -> pa.Table:
    recordings = [f"{i:016x}" for i in range(ROWS // 10)]
    labels = [["dog", "it's a cat", None][i % 3] for i in range(len(recordings))]
    return pa.table(
        {"recording_id": recordings, "label": labels, "lat": np.linspace(-90, 90, len(recordings))}
    )


@pytest.fixture(scope="module", params=["compared with all", "inverted"])
def index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, embeddings: Path,
    metadata: pa.Table,
) -> VectorIndex:  # fmt: skip
    directory = tmp_path_factory.mktemp("index") / "folder.lance"
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "inverted":
            patch.setattr(vector_index, "EXACT_ROWS", 1000)
        return VectorIndex.build(directory, embeddings, metadata)


def test_it_finds_what_the_exact_search_finds(
    index: VectorIndex, vectors: np.ndarray, ids: list[str]
) -> None:
    exact_ids, exact_scores = SimilarityIndex(ids, vectors).query(vectors[:50], 20)
    found = [index.query(vector, 20) for vector in vectors[:50] if vector.any()]
    wanted = [set(row) for row, vector in zip(exact_ids, vectors, strict=False) if vector.any()]
    recall = [
        len(w & set(f["window_id"].to_pylist())) / 20 for w, f in zip(wanted, found, strict=True)
    ]
    assert np.mean(recall) >= 0.95
    assert found[0]["window_id"][0].as_py() == ids[0]
    np.testing.assert_allclose(found[0]["score"][0].as_py(), exact_scores[0, 0], atol=1e-5)
    assert (len(index), index.dim) == (ROWS, DIM)


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ({"label": "it's a cat"}, lambda i: (i // 10) % 3 == 1),
        ({"label": None}, lambda i: (i // 10) % 3 == 2),
        ({"label": ["dog", "it's a cat"]}, lambda i: (i // 10) % 3 < 2),
        ({"lat": (80.0, None)}, lambda i: -90 + 180 * (i // 10) / (ROWS // 10 - 1) >= 80),
        ({"start_s": (5.0, 7.0)}, lambda i: 5 <= i <= 7),
    ],
    ids=["text", "no value", "one of", "at least", "between"],
)
def test_a_filter_and_the_search_are_one_query(
    index: VectorIndex, vectors: np.ndarray, ids: list[str], where: dict, kept: object
) -> None:
    allowed = np.flatnonzero([kept(i) for i in range(ROWS)])  # type: ignore[operator]
    exact = SimilarityIndex([ids[i] for i in allowed], vectors[allowed])
    (wanted,), _ = exact.query(vectors[0], 20)
    found = index.query(vectors[0], 20, where=where)["window_id"].to_pylist()
    assert set(found) <= {ids[i] for i in allowed}
    assert len(set(found) & set(wanted)) >= 0.95 * len(wanted)


def test_windows_can_be_left_out_or_be_the_only_ones(
    index: VectorIndex, vectors: np.ndarray, ids: list[str]
) -> None:
    assert ids[0] not in index.query(vectors[0], 5, leave_out=ids[:1])["window_id"].to_pylist()
    assert set(index.query(vectors[0], 5, among=ids[10:13])["window_id"].to_pylist()) == set(
        ids[10:13]
    )
    assert index.query(vectors[0], 5, among=[]).num_rows == 0


def test_vectors_come_back_in_the_order_asked_for(
    index: VectorIndex, vectors: np.ndarray, ids: list[str]
) -> None:
    rows = [30, 2, 17, 7]
    units = vectors[rows] / np.maximum(np.linalg.norm(vectors[rows], axis=1, keepdims=True), 1e-9)
    np.testing.assert_allclose(index.vectors([ids[i] for i in rows]), units, atol=1e-6)
    with pytest.raises(UsageError, match="nowhere"):
        index.vectors(["nowhere"])


def test_an_unknown_column_or_a_wrong_query_is_refused(
    index: VectorIndex, vectors: np.ndarray
) -> None:
    with pytest.raises(UsageError, match="no column"):
        index.query(vectors[0], where={"1=1 --": "x"})
    with pytest.raises(UsageError, match="cannot be filtered"):
        index.query(vectors[0], where={"label": {"a": 1}})
    with pytest.raises(UsageError, match="values"):
        index.query(vectors[0, :5])
    with pytest.raises(UsageError, match="NaN"):
        index.query(np.full(DIM, np.nan))


def test_an_index_of_other_embeddings_is_not_opened(
    tmp_path: Path, embeddings: Path, metadata: pa.Table
) -> None:
    copy = tmp_path / "embeddings.parquet"
    copy.write_bytes(embeddings.read_bytes())
    directory = tmp_path / "folder.lance"
    VectorIndex.build(directory, copy, metadata)
    assert VectorIndex.open_current(directory, copy) is not None
    copy.write_bytes(embeddings.read_bytes())
    assert VectorIndex.open_current(directory, copy) is None
    assert VectorIndex.open_current(tmp_path / "nothing", copy) is None


def test_a_large_table_is_never_in_memory_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Arrow holds while rows are streamed into the index, against the size of the file."""
    rows, dim = 80_000, 512
    windows = pa.table(
        {
            "window_id": [f"{i:016x}@0+1" for i in range(rows)],
            "recording_id": ["0" * 16] * rows,
            "start_s": np.arange(rows, dtype=float),
            "end_s": np.arange(rows) + 1.0,
        }
    )
    step = rows_per_group(dim)
    random = np.random.default_rng(1)
    blocks = (
        random.standard_normal((min(step, rows - b), dim)).astype(np.float32)
        for b in range(0, rows, step)
    )
    path = tmp_path / "large.parquet"
    write_embeddings(path, windows, "s" * 64, dim, blocks, {})
    del windows
    before, held = pa.total_allocated_bytes(), []
    streamed = vector_index._rows

    def watched(*args: Any) -> Iterator[pa.RecordBatch]:
        for batch in streamed(*args):
            held.append(pa.total_allocated_bytes() - before)
            yield batch

    monkeypatch.setattr(vector_index, "_rows", watched)
    VectorIndex.build(tmp_path / "large.lance", path)
    assert len(held) > 5
    assert max(held) < 0.6 * path.stat().st_size
