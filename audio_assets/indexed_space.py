"""A folder that is searched by its index on disk: its vectors stay there."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from audio_assets.analysis.vector_index import VectorIndex, index_directory
from audio_assets.home import Home
from audio_assets.searching import Space
from audio_assets.storage import read_parquet

LISTED = 50_000
"""Up to this many windows a filter is listed in the query; beyond, more is fetched and sieved."""


class IndexedSpace(Space):
    """As `Space`; scores are exact cosines, and a neighbour can be missed."""

    _index: VectorIndex
    _embeddings: Path

    def __init__(self, folder: str, checkpoint: str, index: VectorIndex, embeddings: Path) -> None:
        """Read the windows' ids and times, no vector.

        Raises:
            StorageError: the embeddings are missing or damaged.
        """
        names = ["window_id", "recording_id", "start_s", "end_s"]
        table = read_parquet(embeddings, [*names, "encoding_signature"])
        plain = {"window_id": "window_ids", "recording_id": "recording_ids"}
        for name in names:
            column = table[name].to_numpy(zero_copy_only=False)
            object.__setattr__(self, plain.get(name, name), column)
        signature = table["encoding_signature"][0].as_py() if table.num_rows else ""
        facts = {"folder": folder, "checkpoint": checkpoint, "signature": signature}
        for name, value in {**facts, "_index": index, "_embeddings": embeddings}.items():
            object.__setattr__(self, name, value)

    @cached_property
    def units(self) -> np.ndarray:  # pyright: ignore[reportIncompatibleVariableOverride]
        """All unit vectors, float32 [N, dim]: read when something needs all of them."""
        from audio_assets.analysis.neighbours import unit_rows
        from audio_assets.encoding.embeddings_file import vectors_of

        return unit_rows(vectors_of(read_parquet(self._embeddings, ["embedding"])))

    @property
    def dim(self) -> int:
        return self._index.dim

    @property
    def nbytes(self) -> int:
        return self.units.nbytes if "units" in vars(self) else 0

    def vector(self, row: int) -> np.ndarray:
        return self._index.vectors([str(self.window_ids[row])])[0]

    def best(self, unit: np.ndarray, k: int, keep: np.ndarray | None) -> list[tuple[int, float]]:
        """As `Space.best`, by the index."""
        count = len(self.window_ids) if keep is None else int(keep.sum())
        wanted = min(k, count)
        among = None
        if keep is not None and count <= LISTED:
            among = self.window_ids[keep].tolist()
        asked = wanted
        while True:
            found = self._index.query(unit, asked, among=among)
            pairs = zip(found["row"].to_pylist(), found["score"].to_pylist(), strict=True)
            kept = [(row, score) for row, score in pairs if keep is None or keep[row]]
            if len(kept) >= wanted or found.num_rows < asked or asked >= len(self.window_ids):
                return kept[:wanted]
            asked = min(4 * asked, len(self.window_ids))


def open_indexed(home: Home, folder: str, checkpoint: str) -> IndexedSpace | None:
    """The folder by its index, where a run built one that is up to date."""
    embeddings = home.asset("embeddings", checkpoint=checkpoint, folder=folder)
    index = VectorIndex.open_current(index_directory(home, folder, checkpoint), embeddings)
    return None if index is None else IndexedSpace(folder, checkpoint, index, embeddings)
