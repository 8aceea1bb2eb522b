"""Two checkpoints over the windows of a folder, window by window: their maps and their overlap.

Everything comes from the stored Parquet files and is kept in memory while those do not change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from audio_assets.errors import NotMaterializedError, UsageError
from audio_assets.home import Home
from audio_assets.storage import read_parquet

KINDS = ("umap", "tsne")
KEPT = 6
MOST = 200_000
"""Windows at most: all neighbours of all of them are compared, which takes minutes here."""


@dataclass(frozen=True)
class Comparison:
    """Two checkpoints over the windows that both have.

    Attributes:
        folder: key.
        checkpoints: the two names.
        k: neighbours that `overlap` looks at.
        window_ids: [N].
        maps: kind of map → for each checkpoint float32 [N, 2]; kinds that both have.
        overlap: float32 [N], share of the k nearest windows that are the same in both spaces.
        chance: what overlap two unrelated spaces would have.
    """

    folder: str
    checkpoints: tuple[str, str]
    k: int
    window_ids: list[str]
    maps: dict[str, tuple[np.ndarray, np.ndarray]]
    overlap: np.ndarray
    chance: float | None


class Comparisons:
    """Opens comparisons and keeps the last six; safe for threads."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def open(self, folder: str, first: str, second: str, k: int | None = None) -> Comparison:
        """Compare two checkpoints of a folder.

        Without k, 20 neighbours are looked at, and fewer in a folder of less than 400 windows.

        Raises:
            UsageError: twice the same one, k below 1, or no window in common.
            NotMaterializedError: one was not run on the folder.
        """
        if first == second:
            raise UsageError("Choose two different checkpoints to compare.")
        if k is not None and k < 1:
            raise UsageError(f"k must be at least 1, not {k}.")
        key = ("pair", folder, first, second, k, *self._stamps(folder, (first, second)))
        return self._keep(key, lambda: _compare(self.home, folder, first, second, k))

    def quality(self, folder: str, checkpoint: str, k: int = 20) -> dict[str, Any]:
        """Retrieval and cluster quality of one checkpoint, as `audio_assets.compare` has them.

        Raises:
            NotMaterializedError: it was not run on the folder.
        """
        key = ("quality", folder, checkpoint, k, *self._stamps(folder, (checkpoint,)))
        return self._keep(key, lambda: _quality(self.home, folder, checkpoint, k))

    def _keep(self, key: Hashable, make: Any) -> Any:
        with self._lock:  # two events of one panel must not compute the same
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]

    def _stamps(self, folder: str, checkpoints: tuple[str, ...]) -> list[tuple[int, int]]:
        names = ("embeddings", "similarity_index", "umap_coords", "tsne_coords", "clusters")
        paths = [
            self.home.asset(name, checkpoint=checkpoint, folder=folder)
            for checkpoint in checkpoints
            for name in names
        ]
        return [_stamp(p) for p in (*paths, self.home.asset("metadata_table", folder=folder))]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)


def _compare(home: Home, folder: str, first: str, second: str, k: int | None) -> Comparison:
    names = (first, second)
    own = [_window_ids(home, folder, name) for name in names]
    both = set(own[1].to_pylist())
    common = [window for window in own[0].to_pylist() if window in both]
    if not common:
        raise UsageError(
            f"{first!r} and {second!r} have no window of {folder!r} in common: they were encoded "
            "on different window grids. Run both on the folder again."
        )
    if len(common) > MOST:
        raise UsageError(
            f"{folder!r} has {len(common):,} windows under both checkpoints; neighbours are "
            f"compared in folders of at most {MOST:,}. Register a part of it as a folder."
        )
    ids = pa.array(common, pa.string())
    wanted = min(20, max(5, len(common) // 20)) if k is None else k
    k = max(1, min(wanted, len(common) - 1))
    near = [
        _neighbours(home, folder, name, ids, k, stored=len(windows) == len(ids))
        for name, windows in zip(names, own, strict=True)
    ]
    from audio_assets.analysis.overlap import shared_neighbours

    maps: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for kind in KINDS:
        sides = [flat_map(home, folder, name, kind, ids) for name in names]
        if sides[0] is not None and sides[1] is not None:
            maps[kind] = (sides[0], sides[1])
    chance = k / (len(common) - 1) if len(common) > 1 else None
    return Comparison(folder, names, k, common, maps, shared_neighbours(*near), chance)


def flat_map(
    home: Home, folder: str, checkpoint: str, kind: str, ids: pa.Array
) -> np.ndarray | None:
    """Coordinates of windows, float32 [N, 2]; None when they were not all computed."""
    path = home.asset(f"{kind}_coords", checkpoint=checkpoint, folder=folder)
    if not path.is_file():
        return None
    return coordinates_of(read_parquet(path), ids)


def coordinates_of(table: pa.Table, ids: pa.Array) -> np.ndarray | None:
    """The rows of a table of coordinates for some windows; None when one is missing.

    Args:
        table: `schemas.COORDINATES` or `schemas.COORDINATES_3D`.
        ids: window ids [N].

    Returns:
        float32 [N, 2] or [N, 3].
    """
    from audio_assets.encoding.shards import positions

    rows = positions(ids, table["window_id"].combine_chunks())
    if (rows < 0).any():
        return None
    axes = [table[name].to_numpy()[rows] for name in ("x", "y", "z") if name in table.column_names]
    return np.stack(axes, axis=1)


def _window_ids(home: Home, folder: str, checkpoint: str) -> pa.Array:
    path = home.asset("embeddings", checkpoint=checkpoint, folder=folder)
    if not path.is_file():
        raise NotMaterializedError(
            f"Folder {folder!r} has no embeddings of {checkpoint!r} yet. Run that checkpoint on it."
        )
    return read_parquet(path, ["window_id"])["window_id"].combine_chunks()


def _neighbours(
    home: Home, folder: str, checkpoint: str, ids: pa.Array, k: int, *, stored: bool
) -> np.ndarray:
    """The k nearest of each window among these, int64 [N, k].

    Args:
        home: holds the outputs.
        folder: key.
        checkpoint: name.
        ids: window ids [N].
        k: neighbours.
        stored: look into similarity_index first; right only when these are all its windows.
    """
    from audio_assets.analysis.overlap import nearest_columns
    from audio_assets.encoding.embeddings_file import vectors_of
    from audio_assets.encoding.shards import positions

    path = home.asset("similarity_index", checkpoint=checkpoint, folder=folder)
    if stored and path.is_file():
        table = read_parquet(path)
        rows = positions(ids, table["window_id"].combine_chunks())
        lists = table["neighbours"].combine_chunks()
        width = len(lists.values) // max(1, len(lists))
        if not (rows < 0).any() and width >= k and len(lists.values) == width * len(lists):
            flat = positions(lists.values, ids).reshape(len(lists), width)
            return flat[rows, :k]
    table = read_parquet(home.asset("embeddings", checkpoint=checkpoint, folder=folder))
    rows = positions(ids, table["window_id"].combine_chunks())
    return nearest_columns(vectors_of(table)[rows], k)


def _quality(home: Home, folder: str, checkpoint: str, k: int) -> dict[str, Any]:
    from audio_assets.analysis.clustering.selection import sets_of_pair
    from audio_assets.comparing import Side
    from audio_assets.embedding_sets import load_rows, require_one_space

    sets = sets_of_pair(home, folder, checkpoint)
    require_one_space(sets)
    side = Side(home, folder, checkpoint, sets[0].encoding_signature, *load_rows(home, sets))
    return {"windows": len(side.windows), **side.measures(k)}
