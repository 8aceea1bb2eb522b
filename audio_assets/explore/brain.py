"""Brain runs of a checkpoint: similarity, UMAP and t-SNE, each under a key that names its data.

An open App keeps brain results for 15 minutes by key, so a key is never used for other data:
`umap_<checkpoint>_<hash of samples and points>`. Unchanged data keep their run; a new run is
complete before the superseded one is deleted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import numpy as np
import pyarrow as pa
from fiftyone.brain.visualization import ManualVisualizationConfig, VisualizationResults

from audio_assets.explore.documents import write_points
from audio_assets.explore.exact_backend import ExactConfig, ExactIndex
from audio_assets.explore.lance_backend import LanceConfig, LanceIndex
from audio_assets.explore.ledger import CheckpointEntry
from audio_assets.explore.sklearn_backend import SklearnConfig, SklearnIndex
from audio_assets.explore.vectors import Vectors

BACKENDS: dict[str, tuple[type, type]] = {
    "exact": (ExactConfig, ExactIndex),
    "sklearn": (SklearnConfig, SklearnIndex),
}

LANCEDB = "lancedb"


def sync_similarity(
    dataset: fo.Dataset, entry: CheckpointEntry, ids: list[str], vectors: Vectors, backend: str
) -> str | None:
    """Register the similarity index of the checkpoint's vector field.

    Returns:
        The brain key; None without vectors.
    """
    if not vectors.present.any():
        return _publish(dataset, entry, "sim", None)
    key = _key("sim", entry, ids, vectors.digest.encode(), f"{backend} {entry.vector_field}")
    if _is_missing(dataset, entry, "sim", key):
        if backend == LANCEDB:
            _register_lancedb(dataset, key, entry)
        else:
            _register_similarity(dataset, key, entry.vector_field, ids, vectors, backend)
    return _publish(dataset, entry, "sim", key)


def sync_projections(
    dataset: fo.Dataset,
    entry: CheckpointEntry,
    window_to_id: dict[str, str],
    maps: Mapping[str, pa.Table | None],
) -> None:
    """Register computed coordinates as visualizations, with a spatial index each for the lasso.

    Args:
        dataset: of the samples.
        entry: of the checkpoint.
        window_to_id: sample id of each window.
        maps: by kind, `umap` or `tsne`: `schemas.COORDINATES`, or None when not computed.
    """
    found = {kind: _points(window_to_id, table) for kind, table in maps.items()}
    keys = {
        kind: _key(kind, entry, ids, points.tobytes(), "") if ids else None
        for kind, (ids, points) in found.items()
    }
    made = {
        key: found[kind]
        for kind, key in keys.items()
        if key is not None and _is_missing(dataset, entry, kind, key)
    }
    _register_projections(dataset, made)
    for kind, key in keys.items():
        _publish(dataset, entry, kind, key)


def _register_projections(
    dataset: fo.Dataset, made: Mapping[str, tuple[list[str], np.ndarray]]
) -> None:
    """As `fob.compute_visualization` with a points field, for ids and points of each key.

    FiftyOne makes each spatial index first and then sets point by point; here every sample is
    written once, for all maps, and the indexes are built at the end: a third of the time.
    """
    for key in made:
        method = ManualVisualizationConfig(points_field=key).build()
        method.register_run(dataset, key, overwrite=False)
        dataset.add_sample_field(key, fo.ListField, subfield=fo.FloatField)
    write_points(dataset, made)
    for key, (ids, points) in made.items():
        if np.ptp(points) > 0:  # MongoDB refuses a 2d index over a single value
            bounds: Any = {"min": float(points.min()), "max": float(points.max())}
            dataset.create_index([(key, "2d")], **bounds)
        method = ManualVisualizationConfig(points_field=key).build()
        results = VisualizationResults(
            dataset, method.config, key, points, sample_ids=np.asarray(ids), backend=method
        )
        method.save_run_results(dataset, key, results)


def _register_similarity(
    dataset: fo.Dataset, key: str, field: str, ids: list[str], vectors: Vectors, backend: str
) -> None:
    """As `fob.compute_similarity`, which would first read all vectors back from the database."""
    config, index = BACKENDS[backend]
    method = config(embeddings_field=field).build()
    method.register_run(dataset, key, overwrite=False)
    results = index(
        dataset, method.config, key, embeddings=vectors.rows[vectors.present],
        sample_ids=np.asarray(ids)[vectors.present], backend=method,
    )  # fmt: skip
    method.save_run_results(dataset, key, results)


def _register_lancedb(dataset: fo.Dataset, key: str, entry: CheckpointEntry) -> None:
    """Point a run at the index that similarity_index built; no vector is read."""
    config = LanceConfig(
        embeddings_field=entry.vector_field, checkpoint=entry.name, folder=str(dataset.name)
    )
    method = config.build()
    method.register_run(dataset, key, overwrite=False)
    method.save_run_results(dataset, key, LanceIndex(dataset, method.config, key, backend=method))


def _points(
    window_to_id: dict[str, str], coordinates: pa.Table | None
) -> tuple[list[str], np.ndarray]:
    """Sample ids and float64 [N, 2], in the order of the coordinates."""
    if coordinates is None:
        return [], np.empty((0, 2))
    ids = [window_to_id.get(w) for w in coordinates["window_id"].to_pylist()]
    points = np.column_stack([coordinates["x"].to_numpy(), coordinates["y"].to_numpy()])
    chosen = [i for i, sample_id in enumerate(ids) if sample_id is not None]
    return [str(ids[i]) for i in chosen], points[chosen].astype(np.float64)


def _key(kind: str, entry: CheckpointEntry, ids: list[str], data: bytes, more: str) -> str:
    digest = hashlib.sha256(f"{kind} {entry.name} {more}\n".encode())
    digest.update("\n".join(ids).encode())
    digest.update(data)
    return f"{kind}_{entry.slug}_{digest.hexdigest()[:8]}"


def _is_missing(dataset: fo.Dataset, entry: CheckpointEntry, kind: str, key: str) -> bool:
    """Whether the run must be made; one that a killed process left half made is deleted."""
    if not dataset.has_brain_run(key):
        return True
    documents: Any = dataset._doc.brain_methods
    if entry.runs.get(kind) == key and documents[key].results:
        return False  # results are written last
    dataset.delete_brain_run(key)
    return True


def _publish(dataset: fo.Dataset, entry: CheckpointEntry, kind: str, key: str | None) -> str | None:
    """Note the run as finished and delete those that it supersedes."""
    ours: Any = re.compile(rf"{kind}_{re.escape(entry.slug)}_[0-9a-f]{{8}}")
    for other in dataset.list_brain_runs():
        if other != key and ours.fullmatch(other):
            dataset.delete_brain_run(other)
    if key is None:
        entry.runs.pop(kind, None)
    else:
        entry.runs[kind] = key
    return key
