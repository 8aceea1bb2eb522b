"""The clusters table as columns of the samples: classifications, and outlier scores."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from audio_assets.explore.columns import SampleTable
from audio_assets.explore.ledger import CheckpointEntry


def add_cluster_columns(table: SampleTable, entry: CheckpointEntry, clusters: pa.Table) -> None:
    """Add `cluster_<slug>`, the number or "noise" with the probability, and `outlier_score_<slug>`.

    Outlier scores are 0 to 1; a table that an earlier version made has none.
    """
    ids = clusters["window_id"].to_pylist()
    columns = (clusters[n].to_pylist() for n in ("cluster", "probability"))
    found: dict[str, Any] = {
        window: ("noise" if number < 0 else str(number), probability)
        for window, number, probability in zip(ids, *columns, strict=True)
    }
    table.add(entry.cluster_field, "cluster", [found.get(w) for w in table.window_ids], always=True)
    if "outlier_score" in clusters.column_names:
        scores = dict(zip(ids, clusters["outlier_score"].to_pylist(), strict=True))
        values = [scores.get(w) for w in table.window_ids]
        table.add(entry.outlier_field, "float", values, always=True)
