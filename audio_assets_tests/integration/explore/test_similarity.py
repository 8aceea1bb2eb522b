"""FR-5, TC-5: both backends give the exact cosine ranking, for ids and vectors, in any order."""

from itertools import pairwise

import numpy as np
import pytest

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.explore.cosine import cosine_distances, nearest, unit_rows
from audio_assets.explore.dataset import open_dataset

K = 20


def ranking(vectors: np.ndarray, query: np.ndarray, k: int = K) -> list[int]:
    """The reference, in float64."""
    a = vectors.astype(float) / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    q = query.astype(float) / np.linalg.norm(query.astype(float))
    return list(np.argsort(-(a @ q), kind="stable")[:k])


@pytest.fixture(params=["exact", "sklearn"])
def indexed(request, fiftyone_home, make_folder):
    folder = make_folder(120, dim=24)
    report = folder.sync(fiftyone_home, similarity_backend=request.param)
    dataset = open_dataset(fiftyone_home, folder.key)
    index = dataset.load_brain_results(report.brain_keys["sim"])
    assert index.config.method == request.param
    return dataset, index, folder.vectors(), report.brain_keys["sim"]


def test_tc5_ids_and_vectors_give_exact_cosine_before_and_after_each_other(indexed):
    dataset, index, vectors, key = indexed
    ids = dataset.values("id")
    position = {sample_id: i for i, sample_id in enumerate(ids)}
    query = np.random.default_rng(4).normal(size=24).astype(np.float32) + 1

    def found(q, k=K):
        return [position[i] for i in dataset.sort_by_similarity(q, k=k, brain_key=key).values("id")]

    assert found(query) == ranking(vectors, query)
    assert found(ids[7]) == ranking(vectors, vectors[7])
    assert found(query) == ranking(vectors, query), "a query by id changes nothing"
    assert found(ids[9], k=5) == ranking(vectors, vectors[9], 5)
    assert np.array_equal(index.embeddings, vectors), "the index is never mutated"
    least = dataset.sort_by_similarity(query, k=3, reverse=True, brain_key=key).values("id")
    assert [position[i] for i in least] == ranking(vectors, -query, 3)


def test_queries_within_a_view_find_only_the_view(indexed):
    dataset, _, vectors, key = indexed
    view = dataset.match({"fold": 2})
    rows = [i for i in range(120) if i % 5 == 1]
    expected = [rows[i] for i in ranking(vectors[rows], vectors[0], 10)]
    all_ids = dataset.values("id")
    found = view.sort_by_similarity(all_ids[0], k=10, brain_key=key).values("id")
    assert [all_ids.index(i) for i in found] == expected


def test_the_distances_are_cosine_distances(indexed):
    dataset, _, vectors, key = indexed
    view = dataset.sort_by_similarity(vectors[3] * 5, k=4, brain_key=key, dist_field="distance")
    expected = cosine_distances(vectors[3:4], unit_rows(vectors))[0]
    stored = view.values("distance")
    assert stored == pytest.approx(np.sort(expected)[:4], abs=1e-5)
    dataset.delete_sample_field("distance")


def test_duplicates_and_uniqueness_of_fiftyone_work_on_the_index(indexed):
    _, index, vectors, _ = indexed
    distances = cosine_distances(vectors, unit_rows(vectors))
    np.fill_diagonal(distances, np.inf)
    inds, dists = index._kneighbors(k=2, return_dists=True)
    assert [i[0] for i in inds] == list(distances.argmin(axis=1))
    assert [d[0] for d in dists] == pytest.approx(distances.min(axis=1), abs=1e-5)
    index.find_duplicates(thresh=float(np.quantile(distances.min(axis=1), 0.3)))
    assert 0 < len(index.duplicate_ids) < 120
    index.find_unique(10)
    assert len(index.unique_ids) == 10


def test_find_similar_gives_scores_and_leaves_out_the_query(indexed):
    from audio_assets.explore.filters import find_similar

    dataset, _, vectors, _ = indexed
    windows = dataset.values("window_id")
    matches = find_similar(dataset, windows[7], k=5)
    expected = [i for i in ranking(vectors, vectors[7], 6) if i != 7]
    assert [m.window_id for m in matches] == [windows[i] for i in expected]
    assert all(a.score >= b.score for a, b in pairwise(matches))
    assert find_similar(dataset, vectors[7], k=1)[0].score == pytest.approx(1)
    assert len(find_similar(dataset.limit(3), vectors[7], k=50)) == 3
    with pytest.raises(UsageError, match="24"):
        find_similar(dataset, vectors[7][:5])
    with pytest.raises(UsageError, match="no window"):
        find_similar(dataset, "nothing")
    with pytest.raises(NotMaterializedError):
        find_similar(dataset, windows[0], checkpoint="another")


def test_zero_vectors_are_like_nothing_and_never_nan():
    distances = cosine_distances(np.zeros((1, 4)), unit_rows(np.eye(4)))
    assert np.array_equal(distances, np.ones((1, 4)))
    assert list(nearest(distances[0], 2)) == [0, 1], "ties keep the order"
