"""UMAP, t-SNE and clusters: any number of windows, the same result for a seed (TC-6, FR-6)."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from audio_assets.analysis.clusters import ClusterParameters, cluster_windows
from audio_assets.analysis.projection import (
    TsneParameters,
    UmapParameters,
    parameters_of,
    tsne_coordinates,
    umap_coordinates,
)
from audio_assets.analysis.quality import cluster_agreement, knn_accuracy
from audio_assets.schemas import CLUSTERS, COORDINATES, embeddings_schema
from audio_assets.settings import Settings
from audio_assets.storage import read_parquet, write_parquet


def table_of(vectors: np.ndarray) -> pa.Table:
    count, dim = vectors.shape
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float32).ravel()), dim)
    ids = pa.array([f"{i:016x}@0+1" for i in range(count)], pa.string())
    zeros = pa.array(np.zeros(count))
    text = pa.array(["s"] * count, pa.string())
    return pa.Table.from_arrays(
        [ids, ids, zeros, zeros, text, column], schema=embeddings_schema(dim)
    )


def classes(count: int = 120, dim: int = 32) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    labels = np.arange(count) % 4
    return rng.normal(size=(4, dim))[labels] * 3 + rng.normal(size=(count, dim)), labels


def points(table: pa.Table) -> np.ndarray:
    return np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 6, 7, 8, 13])
def test_maps_and_clusters_work_for_few_windows(count):
    table = table_of(classes(count)[0])
    for made in (umap_coordinates(table), tsne_coordinates(table)):
        assert made.schema.equals(COORDINATES)
        assert made.num_rows == count
        assert np.isfinite(points(made)).all()
        assert "method" in parameters_of(made)["used"]
    clusters = cluster_windows(table)
    assert clusters.schema.equals(CLUSTERS)
    assert clusters.num_rows == count
    assert np.isfinite(clusters["probability"].to_numpy()).all()


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((20, 8)), np.ones((20, 8)), np.eye(20), np.repeat(np.eye(2), 10, axis=0),
        np.arange(20.0)[:, None], np.repeat([[1.0, 0], [-1, 0]], 3, axis=0),
    ],
)  # fmt: skip
def test_equal_zero_orthogonal_and_one_dimensional_vectors_do_not_crash(vectors):
    table = table_of(vectors)
    assert np.isfinite(points(umap_coordinates(table))).all()
    assert np.isfinite(points(tsne_coordinates(table))).all()
    assert cluster_windows(table).num_rows == len(vectors)


def test_the_values_used_are_recorded_where_they_had_to_shrink():
    table = table_of(classes(13)[0])
    umap, tsne = parameters_of(umap_coordinates(table)), parameters_of(tsne_coordinates(table))
    assert (umap["asked"]["n_neighbors"], umap["used"]["n_neighbors"]) == (15, 12)
    assert (tsne["asked"]["perplexity"], tsne["used"]["perplexity"]) == (30.0, 4.0)
    assert parameters_of(cluster_windows(table))["used"]["min_cluster_size"] == 6


def test_tc6_points_of_one_class_lie_together_in_both_maps():
    vectors, labels = classes()
    for made in (umap_coordinates(table_of(vectors)), tsne_coordinates(table_of(vectors))):
        xy = points(made)
        distance = ((xy[:, None] - xy[None]) ** 2).sum(axis=2) + np.eye(len(xy)) * 1e9
        near = np.argsort(distance, axis=1)[:, :5]
        assert (labels[near] == labels[:, None]).mean() > 0.95


def test_clusters_find_the_classes_and_are_numbered_by_size():
    vectors, labels = classes()
    vectors, labels = (
        vectors[labels + np.arange(120) // 60 < 4],
        labels[labels + np.arange(120) // 60 < 4],
    )
    found = cluster_windows(table_of(vectors))["cluster"].to_numpy()
    assert cluster_agreement(labels, found)["ari"] > 0.9
    sizes = np.bincount(found[found >= 0])
    assert (np.diff(sizes) <= 0).all()
    assert knn_accuracy(vectors, labels) > 0.95


OTHER_PROCESS = """
import sys
from pathlib import Path
from audio_assets.analysis.clusters import cluster_windows
from audio_assets.analysis.projection import tsne_coordinates, umap_coordinates
from audio_assets.storage import read_parquet, write_parquet
home = Path(sys.argv[1])
table = read_parquet(home / "e.parquet")
for name, make in dict(u=umap_coordinates, t=tsne_coordinates, c=cluster_windows).items():
    write_parquet(home / f"{name}.parquet", make(table))
"""


def test_two_processes_give_the_same_bits_for_a_seed(tmp_path):
    table = table_of(classes(150)[0])
    write_parquet(tmp_path / "e.parquet", table)
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", OTHER_PROCESS, tmp_path], check=True, env=environment)
    assert read_parquet(tmp_path / "u.parquet").equals(umap_coordinates(table))
    assert read_parquet(tmp_path / "t.parquet").equals(tsne_coordinates(table))
    assert read_parquet(tmp_path / "c.parquet").equals(cluster_windows(table))


def test_parameters_come_from_the_settings_and_change_the_map():
    settings = Settings(umap_n_neighbors=5, tsne_perplexity=7, cluster_dimensions=3, seed=1)
    assert UmapParameters.from_settings(settings).n_neighbors == 5
    assert TsneParameters.from_settings(settings).perplexity == 7
    assert ClusterParameters.from_settings(settings).umap_dimensions == 3
    table = table_of(classes(60)[0])
    one = umap_coordinates(table, UmapParameters(seed=1))
    two = umap_coordinates(table, UmapParameters(seed=2))
    assert points(one).tolist() != points(two).tolist()
