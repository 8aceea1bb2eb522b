"""`audio_assets.compare`: checkpoints side by side over the same windows of a folder.

Vectors of two checkpoints never meet in one space: each is measured in its own, and what is
compared are measures, neighbours and clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_assets.embedding_sets import get_embedding_set, load_rows, require_one_space
from audio_assets.errors import UsageError
from audio_assets.home import Home
from audio_assets.settings import Settings, load_settings
from audio_assets.storage import read_parquet

if TYPE_CHECKING:
    import pandas as pd


def compare(
    folder: str, checkpoints: Sequence[str], *, k: int = 20, settings: Settings | None = None
) -> dict[str, Any]:
    """Compare checkpoints over the windows of a folder that all of them have.

    Args:
        folder: key of a folder that each checkpoint was run on.
        checkpoints: two or more names.
        k: neighbours for precision and overlap.
        settings: the settings; from the environment when None.

    Returns:
        `windows` (in common), `recordings`, `checkpoints`: per name `dim`, `encoding_signature`,
        `windows` (its own), `knn_accuracy` (5 neighbours) and `precision_at_k` of whole recordings
        (windows averaged) against labels, over folds where there are any, else one left out;
        `clusters`, the quality of its stored clusters; and `pairs`: for each two, the
        `neighbour_overlap` (mean share of common top-k windows), `chance_overlap`, and
        `cluster_ari`. Measures without labels or clusters are None.

    Raises:
        UsageError: fewer than two different checkpoints, or no windows in common.
        NotMaterializedError: one was not run on the folder.
        IncompatibleSetsError: the vectors of one checkpoint are of two signatures.
    """
    from audio_assets.analysis.clustering.selection import sets_of_pair

    names = list(dict.fromkeys(checkpoints))
    if len(names) < 2:
        raise UsageError(
            "Comparing needs two different checkpoints; give --checkpoint twice. "
            "'audio-assets status' shows which ones were run on a folder."
        )
    if k < 1:
        raise UsageError(f"k must be at least 1, not {k}.")
    home = Home.of(settings or load_settings())
    sides: dict[str, Side] = {}
    for name in names:
        sets = sets_of_pair(home, folder, name)
        require_one_space(sets)
        sides[name] = Side(home, folder, name, sets[0].encoding_signature, *load_rows(home, sets))
    common = sorted(set.intersection(*(set(side.windows["window_id"]) for side in sides.values())))
    if not common:
        raise UsageError(
            f"{' and '.join(map(repr, names))} have no window of {folder!r} in common: they were "
            "encoded on different window grids. Run both on the folder again."
        )
    own = {name: len(side.windows) for name, side in sides.items()}
    for side in sides.values():
        side.keep(common)
    return {
        "folder": folder,
        "windows": len(common),
        "recordings": len(set(sides[names[0]].windows["recording_id"])),
        "k": min(k, max(1, len(common) - 1)),
        "checkpoints": {name: {"windows": own[name], **sides[name].measures(k)} for name in names},
        "pairs": [_pair(sides[a], sides[b], k) for a, b in combinations(names, 2)],
    }


def nearest_between(home: Home, first: str, second: str, k: int = 20) -> list[dict[str, Any]]:
    """The closest windows of two embedding sets, by exact cosine.

    Args:
        home: holds the outputs.
        first: id of an embedding set.
        second: id of another.
        k: pairs at most.

    Returns:
        Rows in descending order of `score` (cosine): `first` and `second` are window ids; at most
        one pair per window of the first set.

    Raises:
        IncompatibleSetsError: the sets are of different dimension or encoding signature.
        EmbeddingSetNotFoundError: an id is unknown.
    """
    from audio_assets.analysis.similarity import SimilarityIndex

    sets = [get_embedding_set(home, first), get_embedding_set(home, second)]
    require_one_space(sets)
    (one, vectors), (other, others) = (load_rows(home, [s]) for s in sets)
    ids, scores = SimilarityIndex(other["window_id"].to_numpy(), others).query(vectors, 1)
    order = np.argsort(-scores[:, 0], kind="stable")[:k]
    windows = one["window_id"].to_numpy()
    return [{"score": float(scores[i, 0]), "first": windows[i], "second": ids[i, 0]} for i in order]


class Side:
    """One checkpoint's vectors of a folder, and what is measured in their space alone."""

    def __init__(
        self, home: Home, folder: str, checkpoint: str, signature: str, windows: pd.DataFrame,
        vectors: np.ndarray,
    ) -> None:  # fmt: skip
        self.checkpoint, self.signature = checkpoint, signature
        self.windows, self.vectors = windows, vectors
        path = home.asset("clusters", folder=folder, checkpoint=checkpoint)
        self.clusters = read_parquet(path, ["window_id", "cluster"]) if path.is_file() else None

    def keep(self, window_ids: list[str]) -> None:
        """Only these windows, in this order."""
        rows = self.windows.reset_index().set_index("window_id").loc[window_ids, "index"]
        self.vectors = self.vectors[rows.to_numpy()]
        self.windows = self.windows.iloc[rows.to_numpy()].reset_index(drop=True)

    def labels(self) -> list[str | None]:
        """Label of each window."""
        from audio_assets.analysis.clustering.report import labels_of

        return labels_of(self.windows)

    def cluster_numbers(self) -> np.ndarray | None:
        """Stored cluster of each window, int [N]; None where there are none."""
        if self.clusters is None:
            return None
        ids, numbers = (self.clusters[n].to_pylist() for n in ("window_id", "cluster"))
        found = dict(zip(ids, numbers, strict=True))
        return np.array([found.get(i, -1) for i in self.windows["window_id"]])

    def measures(self, k: int) -> dict[str, Any]:
        """Retrieval and cluster quality."""
        from audio_assets.analysis.clustering.measures import label_quality, noise_share

        numbers = self.cluster_numbers()
        clusters = None
        if numbers is not None:
            clusters = {
                "clusters": len(set(numbers.tolist()) - {-1}),
                "noise": noise_share(numbers),
                "labels": label_quality(self.labels(), numbers),
            }
        return {
            "dim": self.vectors.shape[1],
            "encoding_signature": self.signature,
            **retrieval_quality(self.windows, self.vectors, self.labels(), k),
            "clusters": clusters,
        }


def retrieval_quality(
    windows: pd.DataFrame, vectors: np.ndarray, labels: list[str | None], k: int
) -> dict[str, Any]:
    """Nearest-neighbour accuracy and precision of whole recordings.

    Windows of one recording are alike whatever the model, so they are averaged first; with
    folds, a recording is compared with those of other folds only.

    Returns:
        `knn_accuracy`, `precision_at_k` (0 to 1, None without labels), `by` ("fold",
        "recording" or, where labels differ inside recordings, "window").
    """
    from audio_assets.analysis.clustering.measures import finite
    from audio_assets.analysis.retrieval import recording_retrieval

    found = recording_retrieval(windows, vectors, labels, k)
    if found is None:
        return {"knn_accuracy": None, "precision_at_k": None, "by": None}
    return {
        "knn_accuracy": finite(float((found.truth == found.predicted).mean())),
        "precision_at_k": finite(float(found.precision.mean())),
        "by": found.by,
    }


def neighbour_overlap(a: np.ndarray, b: np.ndarray, k: int) -> float:
    """Mean share of common windows among the k nearest of each window in two spaces.

    Args:
        a: float [N, D].
        b: float [N, E], the same windows in the same order.
        k: neighbours; at most N - 1.

    Returns:
        0 to 1; NaN with fewer than two windows.
    """
    from audio_assets.analysis.overlap import nearest_columns, shared_neighbours

    if len(a) < 2:
        return float("nan")
    return float(shared_neighbours(nearest_columns(a, k), nearest_columns(b, k)).mean())


def _pair(a: Side, b: Side, k: int) -> dict[str, Any]:
    from audio_assets.analysis.clustering.measures import agreement, finite

    found = a.cluster_numbers(), b.cluster_numbers()
    count = len(a.windows)
    both = found[0] is not None and found[1] is not None
    return {
        "checkpoints": [a.checkpoint, b.checkpoint],
        "neighbour_overlap": finite(neighbour_overlap(a.vectors, b.vectors, k)),
        "chance_overlap": min(k, count - 1) / (count - 1) if count > 1 else None,
        "cluster_ari": agreement(found[0], found[1])["ari"] if both else None,  # pyright: ignore
    }
