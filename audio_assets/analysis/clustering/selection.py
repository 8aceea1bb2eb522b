"""What a clustering request selects: embedding sets, their vectors, and those of another model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_assets.analysis.clustering.parameters import ClusteringRequest
from audio_assets.embedding_sets import (
    EmbeddingSet,
    get_embedding_set,
    list_embedding_sets,
    load_rows,
    require_one_space,
)
from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.home import Home
from audio_assets.settings import load_settings

if TYPE_CHECKING:
    import pandas as pd


def selected_sets(home: Home, request: ClusteringRequest) -> list[EmbeddingSet]:
    """The embedding sets that a request means, all of one space.

    Raises:
        EmbeddingSetNotFoundError: an id is unknown.
        IncompatibleSetsError: dimensions or signatures differ.
        NotMaterializedError: the folder has no vectors under that checkpoint.
        UsageError: the folder is unknown.
    """
    if request.embedding_sets:
        ids = dict.fromkeys(request.embedding_sets)
        sets = [get_embedding_set(home, id) for id in ids]
    else:
        checkpoint = request.checkpoint or load_settings(home=home.root).checkpoint
        sets = sets_of_pair(home, str(request.folder), checkpoint)
    require_one_space(sets)
    return sets


def sets_of_pair(home: Home, folder: str, checkpoint: str) -> list[EmbeddingSet]:
    """Every embedding set of a folder under a checkpoint.

    Raises:
        NotMaterializedError: there is none.
        UsageError: the folder is unknown.
    """
    sets = list_embedding_sets(home, folder, checkpoint)
    if not sets:
        from audio_assets.reading import embeddings_table

        embeddings_table(home, folder, checkpoint)  # says what is wrong, in most cases
        raise NotMaterializedError(
            f"Folder {folder!r} has no vectors under {checkpoint!r}: none of its recordings "
            "could be encoded."
        )
    return sets


def matching_vectors(
    home: Home, sets: list[EmbeddingSet], windows: pd.DataFrame, checkpoint: str
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of another checkpoint for the same windows, where it has them.

    Args:
        home: holds the outputs.
        sets: what was clustered.
        windows: their windows, N rows.
        checkpoint: the other checkpoint.

    Returns:
        (rows of `windows` that it has too, int64 [M]; their vectors, float32 [M, D], in that
        order).

    Raises:
        NotMaterializedError: it has encoded none of the folders.
        UsageError: it is the same checkpoint, or has none of the windows.
    """
    if all(s.checkpoint == checkpoint for s in sets):
        raise UsageError(f"{checkpoint!r} is the checkpoint that is clustered; name another one.")
    recordings = {(s.folder, s.recording_id) for s in sets}
    folders = sorted({s.folder for s in sets})
    others = [
        other
        for folder in folders
        for other in sets_of_pair(home, folder, checkpoint)
        if (folder, other.recording_id) in recordings
    ]
    require_one_space(others)
    row_of = {key: row for row, key in enumerate(_keys(windows))}
    order, rows, vectors = np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 1))
    if others:
        theirs, vectors = load_rows(home, others)
        rows = np.array([row_of.get(key, -1) for key in _keys(theirs)], np.int64)
        order = np.argsort(rows, kind="stable")
        order = order[rows[order] >= 0]
    if not len(order):
        raise UsageError(
            f"{checkpoint!r} has vectors of none of these windows; run it on "
            f"{', '.join(folders)} first."
        )
    return rows[order], vectors[order]


def _keys(windows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(windows["folder"], windows["window_id"], strict=True))
