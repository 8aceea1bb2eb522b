"""Maps of more windows than are fitted: the rest finds its place, and the quality is measured."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.manifold import trustworthiness

from audio_assets.analysis.map_quality import map_quality
from audio_assets.analysis.nearest_fitted import fitted_rows
from audio_assets.analysis.neighbours import unit_rows
from audio_assets.analysis.out_of_sample import lay_out
from audio_assets.analysis.projection import (
    TsneParameters,
    UmapParameters,
    parameters_of,
    tsne_coordinates,
    umap_coordinates,
)
from audio_assets.schemas import embeddings_schema

CLUMPS, EACH, DIM = 6, 60, 96


@pytest.fixture(scope="module")
def clumps() -> np.ndarray:
    """Vectors of six clumps, float32 [360, 96], the clump of row i is i % 6."""
    random = np.random.default_rng(2)
    centres = random.standard_normal((CLUMPS, DIM))
    noise = random.standard_normal((CLUMPS * EACH, DIM))
    return (np.tile(centres, (EACH, 1)) + 0.3 * noise).astype(np.float32)


def table_of(vectors: np.ndarray) -> pa.Table:
    schema = embeddings_schema(vectors.shape[1])
    rows = len(vectors)
    names = [f"{i:016x}@0+1" for i in range(rows)]
    columns = {
        "window_id": names, "recording_id": names, "start_s": np.zeros(rows),
        "end_s": np.ones(rows), "encoding_signature": ["s"] * rows,
    }  # fmt: skip
    flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    arrays = [flat if f.name == "embedding" else pa.array(columns[f.name], f.type) for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def purity(layout: np.ndarray) -> float:
    """Share of windows whose nearest other on the map is of their clump."""
    apart = ((layout[:, None] - layout[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((apart.argmin(axis=1) % CLUMPS == np.arange(len(layout)) % CLUMPS).mean())


def points(table: pa.Table) -> np.ndarray:
    return np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)


def test_a_sample_is_seeded_and_in_order() -> None:
    rows = fitted_rows(1000, 100, 5)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(rows) == 100
    assert np.array_equal(rows, fitted_rows(1000, 100, 5))
    assert not np.array_equal(rows, fitted_rows(1000, 100, 6))
    assert fitted_rows(7, 100, 5).tolist() == list(range(7))


@pytest.mark.parametrize("kind", ["umap", "tsne"])
def test_windows_that_were_not_fitted_lie_with_their_like(kind: str, clumps: np.ndarray) -> None:
    table = table_of(clumps)
    if kind == "umap":
        found = umap_coordinates(table, UmapParameters(sample=120))
        again = umap_coordinates(table, UmapParameters(sample=120))
    else:
        found = tsne_coordinates(table, TsneParameters(sample=120, perplexity=10))
        again = tsne_coordinates(table, TsneParameters(sample=120, perplexity=10))
    assert found.equals(again), "seeded"
    assert purity(points(found)) > 0.95
    used = parameters_of(found)["used"]
    assert used["fitted"] == 120
    assert used["quality"]["trustworthiness"] > 0.8


def test_windows_that_were_fitted_stay_where_they_are(clumps: np.ndarray) -> None:
    layout, fitted = lay_out(table_of(clumps), 100, 3, lambda vectors: vectors[:, :2].copy())
    rows = fitted_rows(len(clumps), 100, 3)
    assert fitted == 100
    assert np.array_equal(layout[rows], clumps[rows, :2])
    assert np.isfinite(layout).all()


def test_all_are_fitted_where_they_are_few_enough(clumps: np.ndarray) -> None:
    layout, fitted = lay_out(table_of(clumps), 360, 3, lambda vectors: vectors[:, :2].copy())
    assert fitted == 360
    assert np.array_equal(layout, clumps[:, :2])


def test_trustworthiness_is_scikit_learn_s(clumps: np.ndarray) -> None:
    random = np.random.default_rng(0)
    units = unit_rows(clumps)
    layout = units[:, :2] + 0.05 * random.standard_normal((len(units), 2))
    found = map_quality(table_of(clumps), layout, seed=1)
    wanted = trustworthiness(units, layout, n_neighbors=15, metric="cosine")
    assert found["trustworthiness"] == pytest.approx(wanted, abs=1e-3)
    assert found["sample"] == 360


def test_the_vectors_themselves_keep_every_neighbour_and_chance_keeps_few() -> None:
    random = np.random.default_rng(0)
    flat = unit_rows(random.standard_normal((300, 3)).astype(np.float32))
    assert map_quality(table_of(flat), flat, seed=1)["neighbours_kept"] > 0.99
    chance = random.standard_normal((300, 2))
    assert map_quality(table_of(flat), chance, seed=1)["neighbours_kept"] < 0.2
    assert map_quality(table_of(flat[:2]), chance[:2], seed=1) == {}
