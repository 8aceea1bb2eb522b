"""Top-20 over 60,000 × 1280: the search against one float32 product and a partial sort."""

from __future__ import annotations

import numpy as np

from benchmarks.case import Outcome, Ratio, Setup
from benchmarks.mixture import fitted
from benchmarks.timing import alternate, median_ratio

TITLE = "Exact top-20 over 60,000 × 1280"
K = 20


def measure(setup: Setup) -> Outcome:
    """The library's search and the least that any exact search must do, in turn."""
    from audio_assets.analysis.neighbours import unit_rows
    from audio_assets.analysis.similarity import SimilarityIndex
    from audio_assets.searching import Space, nearest

    rows = 6_000 if setup.quick else 60_000
    units = unit_rows(fitted(None, 1280).block(0, rows))
    ids = np.array([f"{i:016x}@0+1" for i in range(rows)], object)
    seconds = np.zeros(rows)
    space = Space("folder", "model", "s", ids, ids, seconds, seconds, units)
    index = SimilarityIndex(ids, units)
    query = units[17].copy()

    def least() -> np.ndarray:
        scores = units @ query
        best = np.argpartition(scores, rows - K)[rows - K :]
        return best[np.argsort(-scores[best])]

    hits = [hit.row for hit in nearest([space], query, K)]
    named, _ = index.query(query, K)
    if hits != least().tolist() or named[0].tolist() != ids[hits].tolist():
        raise AssertionError("the search is not exact")
    sides = {
        "least": least,
        "nearest": lambda: nearest([space], query, K),
        "nearest_but_one": lambda: nearest([space], query, K, leave_out=str(ids[17])),
        "index": lambda: index.query(query, K),
    }
    found = alternate(sides, 5 if setup.quick else 41)
    wall = {name: [spent.wall for spent in rounds] for name, rounds in found.items()}
    ratios = [
        Ratio(f"{name} ÷ (one product + partial sort)", median_ratio(wall[name], wall["least"]),
              1.5, at_least=False)
        for name in ("nearest", "nearest_but_one", "index")
    ]  # fmt: skip
    return Outcome(
        ratios=ratios,
        limits={"least_ms": 1000 * float(np.median(wall["least"]))},
        ours={f"{name}_ms": 1000 * float(np.median(values)) for name, values in wall.items()},
        notes=["Vectors of a mixture; one query at a time; results compared before measuring."],
    )
