"""A search's result as a view of a data set: sorted by score, with the score in a field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone as fo
from fiftyone import ViewField as F

from audio_assets.errors import UsageError
from audio_assets.explore.ledger import CheckpointEntry, checkpoint_slug
from audio_assets.searching import Hit

LIVE = "Cosine to what was last searched for, -1 to 1; written by audio_assets"
KEPT = "Cosine to what the saved view was searched with, -1 to 1; written by audio_assets"
SCORED = {"$type": "number"}
"""Matches the few samples that have a score, by a partial index that holds no other sample."""


def show_hits(dataset: Any, entry: CheckpointEntry, hits: Sequence[Hit]) -> fo.DatasetView:
    """Write the scores of a search and make the view that is sorted by them.

    Only the scores of this search and those of the one before are written, whatever the size of
    the data set.

    Args:
        dataset: of the folder that was searched.
        entry: the checkpoint that was searched with.
        hits: best first.

    Returns:
        The view, best first; its field is `score_field_of(view)`.
    """
    ids = sample_ids(dataset, [hit.window_id for hit in hits])
    found = [(ids[h.window_id], h.score) for h in hits if h.window_id in ids]
    field = own_field(dataset, f"similarity_{entry.slug}", LIVE)
    dataset.create_index(field, partialFilterExpression={field: SCORED})
    before: list[str] = dataset.mongo([{"$match": {field: SCORED}}]).values("id")
    scores: dict[str, float | None] = {**dict.fromkeys(before), **dict(found)}
    if scores:
        dataset.set_values(field, scores, key_field="id", progress=False)
    return dataset.select([sample_id for sample_id, _ in found], ordered=True)


def is_result(view: Any) -> bool:
    """Whether a view is the result of a search (or of another choice in an order of its own)."""
    return _ordered_ids(view) is not None


def score_field_of(view: Any) -> str | None:
    """The field with the scores of the search that a view shows; None where there is none."""
    ids = _ordered_ids(view)
    if not ids:
        return None
    schema = view._root_dataset.get_field_schema()
    ours = [name for name, field in schema.items() if field.description in (LIVE, KEPT)]
    columns = view._root_dataset.select(ids, ordered=True).values(ours) if ours else []
    for name, scores in zip(ours, columns, strict=True):
        whole = None not in scores
        if whole and scores == sorted(scores, reverse=True):
            return name
    return None


def save_result(view: Any, name: str) -> str:
    """Save the view of a search under a name, with its scores in a field of their own.

    The next search overwrites the live field, so a saved view keeps a copy.

    Args:
        view: as `show_hits` made it, possibly filtered further.
        name: of the saved view.

    Returns:
        The field with its scores.

    Raises:
        UsageError: the name is taken or empty, or the view is not the result of a search.
    """
    dataset = view._root_dataset
    live = score_field_of(view)
    if live is None:
        raise UsageError("This view is not the result of a search. Search first, then save.")
    name = name.strip()
    if not name:
        raise UsageError("Give the view a name.")
    if name in dataset.list_saved_views():
        raise UsageError(f"There is a saved view {name!r} already. Choose another name.")
    ids, scores = view.values(["id", live])
    base = live if dataset.get_field(live).description == LIVE else "similarity"
    field = own_field(dataset, f"{base}_{checkpoint_slug(name)}"[:60].rstrip("_"), KEPT, new=True)
    dataset.set_values(field, dict(zip(ids, scores, strict=True)), key_field="id", progress=False)
    try:
        dataset.save_view(name, view, description=f"Sorted by likeness; scores in {field}")
    except ValueError as error:  # two names may differ only in what an address keeps of them
        dataset.delete_sample_field(field)
        raise UsageError(f"The name {name!r} cannot be used: {error}") from error
    return field


def shown_fields(ctx: Any, field: str | None) -> list[str]:
    """What the grid's tiles show: as before, and the scores of this search, of no other."""
    schema = ctx.dataset.get_field_schema()
    ours = {name for name, kind in schema.items() if kind.description in (LIVE, KEPT)}
    kept = [name for name in ctx.active_fields or ["label"] if name not in ours]
    return [*kept, field] if field else kept


def sample_ids(dataset: Any, window_ids: Sequence[str]) -> dict[str, str]:
    """Sample id of each window that has a sample, by the index over window ids."""
    chosen = dataset.match(F("window_id").is_in(list(window_ids)))
    return dict(zip(*chosen.values(["window_id", "id"]), strict=True))


def _ordered_ids(view: Any) -> list[str] | None:
    for stage in getattr(view, "_stages", []):
        if isinstance(stage, fo.Select) and stage.ordered:
            return list(stage.sample_ids)
    return None


def own_field(dataset: Any, name: str, description: str, *, new: bool = False) -> str:
    """A field of ours, made if need be; a person's field of that name is left alone."""
    number, wanted = 1, name
    while True:
        present = dataset.get_field(wanted)
        if present is None:
            dataset.add_sample_field(wanted, fo.FloatField, description=description)
            return wanted
        if present.description == description and not new:
            return wanted
        number += 1
        wanted = f"{name}_{number}"
