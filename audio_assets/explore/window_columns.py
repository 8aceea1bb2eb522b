"""Sample id, class and cluster of every window of a data set, read from MongoDB in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_assets.explore.ledger import CheckpointEntry
from audio_assets.explore.workspace import color

NONE = "–"
GREY = "#8a8f98"
NOISE = ("-1", "noise", NONE)


@dataclass(frozen=True)
class Colouring:
    """One way to colour windows: a number per window into names and colours."""

    title: str
    codes: list[int]
    names: list[str]
    colors: list[str]

    def to_json(self) -> dict[str, Any]:
        """As the App's scripts want it."""
        return {
            "title": self.title, "codes": self.codes, "names": self.names, "colors": self.colors,
        }  # fmt: skip


def window_columns(
    dataset: Any, window_ids: list[str], entries: list[CheckpointEntry]
) -> tuple[list[str | None], list[Colouring]]:
    """Sample ids and colourings of windows.

    Args:
        dataset: of the folder.
        window_ids: [N].
        entries: checkpoints whose clusters are wanted.

    Returns:
        (sample id of each window or None, colourings by class and by each checkpoint's clusters
        where there are any).
    """
    wanted = {"Class": "label.label"}
    wanted |= {f"Cluster ({e.name})": f"{e.cluster_field}.label" for e in entries}
    schema = dataset.get_field_schema()
    paths = {title: path for title, path in wanted.items() if path.split(".")[0] in schema}
    ids, windows, *columns = dataset.values(["id", "window_id", *paths.values()])
    row = {window: i for i, window in enumerate(windows)}
    rows = [row.get(window) for window in window_ids]
    colourings = []
    for title, column in zip(paths, columns, strict=True):
        values = [None if r is None else column[r] for r in rows]
        if any(value is not None for value in values):
            colourings.append(colouring(title, values))
    return [None if r is None else ids[r] for r in rows], colourings


def colouring(title: str, values: list[Any]) -> Colouring:
    """Names in order, noise and unknown last and grey; the same colour as in the grid."""
    texts = [NONE if value is None else str(value) for value in values]
    found = set(texts)
    names = sorted(found - set(NOISE), key=_natural) + [n for n in NOISE if n in found]
    code = {name: i for i, name in enumerate(names)}
    colors = [GREY if name in NOISE else color(i) for i, name in enumerate(names)]
    return Colouring(title, [code[text] for text in texts], names, colors)


def rounded(points: np.ndarray) -> list[list[float]]:
    """Columns of coordinates with four digits, which is finer than a pixel: D lists of N."""
    low, high = points.min(axis=0, initial=0), points.max(axis=0, initial=1)
    digits = max(0, 4 - int(np.floor(np.log10(max(1e-9, float((high - low).max()))))))
    return [np.round(points[:, d].astype(float), digits).tolist() for d in range(points.shape[1])]


def _natural(name: str) -> tuple[int, int, str]:
    number = name.lstrip("-")
    return (0, int(name), "") if number.isdigit() else (1, 0, name)
