"""The windows that lie farthest from all others."""

from __future__ import annotations

import numpy as np

from audio_assets.reports.contents import NOISE, Contents
from audio_assets.reports.document import Block, Note, Picture, Section, Table, Text
from audio_assets.reports.figures.sounds import SoundRow
from audio_assets.reports.sections.sounds import pictures, sounds_of
from audio_assets.reports.wording import number, span

RANKED, PICTURED = 25, 9
HOW = (
    "Ranked by the local outlier factor of the vectors: 0 where the space around a window is as "
    "dense as around its neighbours, 0.5 where it is half as dense. Rare sounds, wrong labels and "
    "broken recordings are found here."
)


def outliers(contents: Contents) -> Section:
    """The strangest windows first."""
    found, title = contents.clusters, "Outliers"
    if found is None or found.outlier is None:
        why = contents.missing("outliers") or contents.missing("clusters") or ""
        return Section("outliers", title, [Note(why)])
    ids = contents.windows["window_id"].to_numpy(dtype=str)
    order = np.lexsort((ids, -found.outlier))
    order = order[found.outlier[order] > 0][:RANKED]
    if not len(order):
        return Section("outliers", title, [Text("No window lies apart from the others.")])
    blocks: list[Block] = [Text(HOW)]
    if contents.previews is not None:
        shown = order[:PICTURED].tolist()
        parts = (shown[i : i + 3] for i in range(0, len(shown), 3))
        rows = [SoundRow("", "", sounds_of(contents, part)) for part in parts]
        blocks += [Picture(p.drawing, "The first outliers") for p in pictures(rows, "Outliers")]
    return Section("outliers", title, [*blocks, _table(contents, order, found.outlier)])


def _table(contents: Contents, order: np.ndarray, scores: np.ndarray) -> Table:
    rows: list[tuple[str, ...]] = []
    for rank, row in enumerate(order.tolist(), 1):
        window = contents.window(row)
        cluster = int(contents.clusters.number[row]) if contents.clusters else NOISE
        rows.append(
            (
                str(rank), number(float(scores[row])), window["path"],
                span(float(window["start_s"]), float(window["end_s"])),
                str(contents.labels[row] or "–"), "noise" if cluster == NOISE else str(cluster),
            )
        )  # fmt: skip
    head = ("Rank", "Score", "File", "Part", "Label", "Cluster")
    return Table(head, rows, (8, 10, 36, 20, 16, 10), frozenset({0, 1}))
