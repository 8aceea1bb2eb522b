"""A folder above the limits of what is exact and shown: LanceDB, a sample in FiftyOne."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

pytest.importorskip("lancedb", reason="pip install 'audio-assets[lancedb]'")

from audio_assets.analysis.vector_index import VectorIndex, index_directory
from audio_assets.explore.dataset import open_dataset
from audio_assets.indexed_space import IndexedSpace
from audio_assets.orchestration.run_report import RunReport
from audio_assets.reading import load_embeddings, search
from audio_assets.searching import Spaces, nearest, vector_of
from audio_assets.storage import read_json, read_parquet
from audio_assets_tests.integration.orchestration.conftest import CHECKPOINT, CLIPS, Chain

SHOWN = 8


def executed(report: RunReport) -> set[str]:
    return {n for n, s in report.seconds.items() if s > 0} - {"raw_audio", "model_checkpoint"}


def units_of(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ranked_rows(vectors: np.ndarray, row: int) -> list[int]:
    """All rows by their cosine to one, best first."""
    units = units_of(vectors)
    return np.argsort(-(units @ units[row]), kind="stable").tolist()


def test_a_large_folder_is_searched_on_disk_and_shown_as_a_sample(
    chain: Chain, first_run: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, vectors = load_embeddings(chain.key, CHECKPOINT, settings=chain.settings())
    ids = windows["window_id"].tolist()
    large = {"lancedb_above": 5, "app_samples": SHOWN}
    exact = search(chain.key, window_id=ids[3], checkpoint=CHECKPOINT, settings=chain.settings())

    done = chain.run(**large)
    assert executed(done) == {"similarity_index", "fiftyone_dataset"}
    assert done.failed_checks == []
    assert index_directory(chain.home, chain.key, CHECKPOINT).is_dir()
    assert read_parquet(chain.path("similarity_index")).num_rows == 0
    facts = read_json(chain.path("fiftyone_dataset"))
    assert (facts["samples"], facts["windows"]) == (SHOWN, CLIPS)

    found = search(
        chain.key, window_id=ids[3], checkpoint=CHECKPOINT, settings=chain.settings(**large)
    )
    assert [row["window_id"] for row in found] == [row["window_id"] for row in exact]
    assert [row["label"] for row in found] == [row["label"] for row in exact]
    np.testing.assert_allclose([r["score"] for r in found], [r["score"] for r in exact], atol=1e-5)

    (space,) = Spaces(chain.home).open([chain.key], CHECKPOINT)
    assert isinstance(space, IndexedSpace)
    keep = np.arange(CLIPS) % 2 == 0
    hits = nearest([space], vectors[3], 4, rows={chain.key: keep}, leave_out=ids[3])
    assert [h.row for h in hits] == [r for r in ranked_rows(vectors, 3) if keep[r]][:4]
    np.testing.assert_allclose(vector_of([space], ids[3]), units_of(vectors)[3], atol=1e-6)
    assert "units" not in vars(space), "the vectors stay on disk"
    np.testing.assert_allclose(space.units, units_of(vectors), atol=1e-6)

    monkeypatch.setenv("AUDIO_ASSETS_HOME", str(chain.home.root))
    dataset = open_dataset(chain.home, chain.key)
    assert dataset.count("id") == SHOWN
    sample = dict(zip(*dataset.values(["window_id", "id"]), strict=True))
    index = dataset.load_brain_results(facts["brain_keys"]["sim"])
    assert index.config.method == "lancedb"
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    shown = [i for i, window in enumerate(ids) if window in sample]
    ranked = sorted(shown, key=lambda i: -float(units[i] @ units[shown[0]]))
    wanted = [sample[ids[i]] for i in ranked]
    key = facts["brain_keys"]["sim"]
    by_id = dataset.sort_by_similarity(wanted[0], k=4, brain_key=key).values("id")
    by_vector = dataset.sort_by_similarity(vectors[shown[0]], k=4, brain_key=key).values("id")
    assert by_id == by_vector == wanted[:4]
    view = dataset.select(wanted[::2])
    assert view.sort_by_similarity(wanted[0], k=3, brain_key=key).values("id") == wanted[::2][:3]

    shutil.rmtree(index_directory(chain.home, chain.key, CHECKPOINT))
    again = chain.run(**large)
    assert "similarity_index" in executed(again)
    assert again.failed_checks == []
    assert len(chain_index(chain)) == CLIPS

    assert executed(chain.run()) == {"similarity_index", "fiftyone_dataset"}
    assert not index_directory(chain.home, chain.key, CHECKPOINT).is_dir()
    assert open_dataset(chain.home, chain.key).count("id") == CLIPS


def chain_index(chain: Chain) -> VectorIndex:
    """The index of the chain's pair, current."""
    directory = index_directory(chain.home, chain.key, CHECKPOINT)
    index = VectorIndex.open_current(directory, chain.path("embeddings"))
    assert index is not None
    return index
