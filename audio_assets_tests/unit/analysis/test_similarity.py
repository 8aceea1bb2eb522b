"""Exact search against brute force, by id and by vector: TC-5, FR-5."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_assets.analysis.neighbours import neighbour_graph, top_k, unit_rows
from audio_assets.analysis.similarity import SimilarityIndex, neighbours_table
from audio_assets.errors import UsageError
from audio_assets.schemas import NEIGHBOURS, embeddings_schema
from audio_assets.storage import write_parquet


def names(count: int) -> np.ndarray:
    return np.array([f"{i:016x}@0+{i + 1}" for i in range(count)], object)


def brute(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Cosines in float64."""
    vectors, query = vectors.astype(np.float64), query.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    return np.divide(vectors @ query, lengths, out=np.zeros(len(vectors)), where=lengths > 0)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(700, 48)).astype(np.float32)


def test_tc5_a_query_by_vector_gives_the_twenty_best_of_brute_force(vectors):
    index = SimilarityIndex(names(700), vectors)
    queries = np.random.default_rng(1).normal(size=(5, 48)).astype(np.float32)
    ids, scores = index.query(queries)
    assert ids.shape == scores.shape == (5, 20)
    for query, found, score in zip(queries, ids, scores, strict=True):
        cosine = brute(vectors, query)
        best = np.argsort(-cosine, kind="stable")[:20]
        assert list(found) == list(names(700)[best])
        np.testing.assert_allclose(score, cosine[best], atol=2e-6)


def test_tc5_a_query_by_window_leaves_the_window_itself_out(vectors):
    index = SimilarityIndex(names(700), vectors)
    wanted = names(700)[[3, 699]]
    ids, scores = index.query_ids(wanted, 20)
    with_self, _ = index.query_ids(wanted, 21, exclude_self=False)
    assert list(with_self[:, 0]) == list(wanted)
    assert np.array_equal(with_self[:, 1:], ids)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_tc5_windows_of_one_class_find_each_other():
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(4, 32)) * 3
    labels = np.repeat(np.arange(4), 25)
    index = SimilarityIndex(names(100), centres[labels] + rng.normal(size=(100, 32)))
    ids, _ = index.query_ids(names(100), 20)
    found = labels[np.searchsorted(names(100), ids)]
    assert (found == labels[:, None]).all()


def test_twins_are_found_although_the_window_itself_is_left_out():
    vectors = np.ones((30, 4), np.float32)
    ids, scores = SimilarityIndex(names(30), vectors).query_ids(names(30), 29)
    assert all(
        own not in row and len(set(row)) == 29 for own, row in zip(names(30), ids, strict=True)
    )
    np.testing.assert_allclose(scores, 1.0, atol=1e-6)


def test_zero_and_huge_vectors_score_without_nan():
    vectors = np.array([[0, 0], [1e30, 0], [-1e-30, 0], [0, 3]], np.float32)
    index = SimilarityIndex(names(4), vectors)
    ids, scores = index.query(np.array([[1e-20, 0], [0, 0]]), 4)
    assert scores[0].tolist() == [1, 0, 0, -1]
    assert ids[0][0] == names(4)[1]
    assert scores[1].tolist() == [0, 0, 0, 0]


def test_the_vectors_given_are_not_changed(vectors):
    before = vectors.copy()
    SimilarityIndex(names(700), vectors).query(vectors[:2], 3)
    assert np.array_equal(before, vectors)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 13])
def test_few_windows_give_few_neighbours(count):
    vectors = np.random.default_rng(2).normal(size=(count, 6)).astype(np.float32)
    index = SimilarityIndex(names(count), vectors)
    table = neighbours_table(index, 20)
    assert table.schema.equals(NEIGHBOURS)
    assert table.num_rows == count
    assert {len(row) for row in table["neighbours"].to_pylist()} <= {max(0, count - 1)}
    assert index.query(np.ones(6), 20)[0].shape == (1, min(count, 20))


def test_the_neighbours_table_is_that_of_single_queries_whatever_the_block(vectors, monkeypatch):
    import audio_assets.analysis.neighbours as neighbours

    monkeypatch.setattr(neighbours, "BLOCK_BYTES", 4 * 700 * 64)
    index = SimilarityIndex(names(700), vectors)
    table = neighbours_table(index, 5)
    ids, scores = index.query_ids(names(700), 5)
    assert table["neighbours"].to_pylist() == ids.tolist()
    np.testing.assert_allclose(np.array(table["scores"].to_pylist()), scores, atol=1e-6)


def test_an_index_opens_from_an_embeddings_table(tmp_path, vectors):
    count = len(vectors)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 48)
    columns = [names(count), names(count), np.zeros(count), np.ones(count), ["s"] * count, column]
    arrays = [pa.array(c) if not isinstance(c, pa.Array) else c for c in columns]
    write_parquet(
        tmp_path / "e.parquet", pa.Table.from_arrays(arrays, schema=embeddings_schema(48))
    )
    index = SimilarityIndex.open(tmp_path / "e.parquet")
    assert len(index) == count
    assert index.query(vectors[7], 1)[0][0, 0] == names(count)[7]


def test_wrong_queries_are_refused_with_what_was_expected(vectors):
    index = SimilarityIndex(names(700), vectors)
    with pytest.raises(UsageError, match="vectors of 48"):
        index.query(np.ones(47))
    with pytest.raises(UsageError, match="NaN"):
        index.query(np.full(48, np.nan))
    with pytest.raises(UsageError, match="'nothing' is not in the index"):
        index.query_ids(["nothing"])
    with pytest.raises(UsageError, match="at least 1"):
        index.query(np.ones(48), 0)
    with pytest.raises(UsageError, match="701 window ids"):
        SimilarityIndex(names(701), vectors)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30), st.integers(0, 30))
@settings(max_examples=80, deadline=None)
def test_top_k_is_a_stable_descending_sort(row, k):
    scores = np.array([row], np.float32)
    k = min(k, len(row))
    found = top_k(scores, k)[0]
    assert sorted(scores[0][found].tolist(), reverse=True) == scores[0][found].tolist()
    assert scores[0][found].tolist() == sorted(row, reverse=True)[:k]


@given(
    columns=st.integers(16, 3000), k=st.integers(1, 40), values=st.sampled_from([2, 50, 10**6]),
    seed=st.integers(0, 9),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_top_k_of_long_rows_misses_none_of_the_largest(columns, k, values, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, values, (3, columns)).astype(np.float32)
    scores[1, rng.integers(0, columns, 5)] = -np.inf
    scores[2].sort()  # the largest side by side
    k = min(k, columns)
    found = top_k(scores, k)
    assert all(len(set(row)) == k for row in found.tolist())
    taken = np.take_along_axis(scores, found, axis=1)
    assert np.array_equal(taken, -np.sort(-scores, axis=1)[:, :k])


def test_the_neighbour_graph_has_each_point_first_and_no_distance_of_two():
    vectors = np.array([[1, 0], [-1, 0], [1, 0]], np.float32)
    indices, distances = neighbour_graph(vectors, 3)
    assert indices.tolist() == [[0, 2, 1], [1, 0, 2], [2, 0, 1]]
    assert distances.max() < 2
    assert (distances[:, 0] == 0).all()
    assert np.array_equal(unit_rows(vectors), vectors)
