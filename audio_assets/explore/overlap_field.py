"""Shared neighbours of two checkpoints as a field of the samples."""

from __future__ import annotations

from typing import Any

from audio_assets.comparison import Comparison
from audio_assets.explore.ledger import CheckpointEntry
from audio_assets.explore.similar_view import own_field

MEANING = "Share of nearest neighbours that two checkpoints have in common; by audio_assets"


def write_overlap(
    dataset: Any, first: CheckpointEntry, second: CheckpointEntry, found: Comparison
) -> str:
    """Write the overlap of every window.

    Args:
        dataset: of the folder.
        first: a checkpoint.
        second: the other one.
        found: their comparison.

    Returns:
        The field, 0 to 1.
    """
    field = own_field(dataset, f"shared_{first.slug}_{second.slug}"[:60], MEANING)
    value = dict(zip(found.window_ids, found.overlap.tolist(), strict=True))
    ids, windows = dataset.values(["id", "window_id"])
    values = {i: value.get(window) for i, window in zip(ids, windows, strict=True)}
    dataset.set_values(field, values, key_field="id", progress=False)
    return field
