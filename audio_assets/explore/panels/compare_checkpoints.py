"""Compare checkpoints: two maps side by side, shared neighbours, and quality."""

from __future__ import annotations

import json
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types
import numpy as np

from audio_assets.errors import UsageError
from audio_assets.explore.app_memory import comparisons_of
from audio_assets.explore.overlap_field import write_overlap
from audio_assets.explore.panel_answers import said
from audio_assets.explore.panel_context import checkpoints_of, folder_of, home_of_app
from audio_assets.explore.view_changes import view_changed
from audio_assets.explore.window_columns import rounded, window_columns

MOST_SHOWN = 200
"""Windows that 'where they disagree' shows."""


class CompareCheckpoints(foo.Panel):
    """The drawing is `js/42_compare.js`; here is what it asks for."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="compare_checkpoints", label="Compare checkpoints", icon="compare_arrows",
            surfaces="grid", help_markdown="Two checkpoints over the same windows.",
        )  # fmt: skip

    def render(self, ctx: Any) -> types.Property:
        """The component and what it may ask."""
        view = types.View(
            component="CompareCheckpoints", composite_view=True,
            on_open=self.open, on_quality=self.quality,
            on_disagree=self.disagree, on_keep=self.keep, on_sample=self.sample,
        )  # fmt: skip
        return types.Property(types.Object(), view=view)

    def on_load(self, ctx: Any) -> None:
        _tell_view(ctx)

    def on_change_view(self, ctx: Any) -> None:
        if view_changed(ctx):
            _tell_view(ctx)

    @said
    def open(self, ctx: Any) -> dict[str, Any]:
        """Maps, colours and overlap of two checkpoints; the first two where none are named."""
        entries = checkpoints_of(ctx)
        names = [entry.name for entry in entries]
        if len(names) < 2:
            raise UsageError(
                f"This folder has vectors of {names[0] if names else 'no checkpoint'}"
                f"{' only' if names else ''}. Run another checkpoint on it, then compare: "
                "audio-assets run FOLDER --checkpoint NAME"
            )
        first, second = _pair(ctx, names)
        found = comparisons_of(home_of_app()).open(folder_of(ctx), first, second, _k(ctx))
        chosen = [entry for entry in entries if entry.name in (first, second)]
        ids, colourings = window_columns(ctx.dataset, found.window_ids, chosen)
        overlap = np.nan_to_num(found.overlap, nan=0.0)
        return {
            "checkpoints": names, "first": first, "second": second, "k": found.k, "ids": ids,
            "maps": {
                kind: [rounded(side) for side in sides] for kind, sides in found.maps.items()
            },
            "colourings": [colouring.to_json() for colouring in colourings],
            "overlap": np.round(overlap, 3).tolist(),
            "mean_overlap": float(overlap.mean()), "chance": found.chance,
        }  # fmt: skip

    @said
    def quality(self, ctx: Any) -> dict[str, Any]:
        """Retrieval and cluster quality of one checkpoint."""
        name = str(ctx.params.get("checkpoint"))
        return comparisons_of(home_of_app()).quality(folder_of(ctx), name, _k(ctx) or 20)

    @said
    def disagree(self, ctx: Any) -> dict[str, Any]:
        """The windows with the fewest shared neighbours as the view, the fewest first."""
        first, second = _pair(ctx, [entry.name for entry in checkpoints_of(ctx)])
        found = comparisons_of(home_of_app()).open(folder_of(ctx), first, second, _k(ctx))
        order = np.argsort(found.overlap, kind="stable")[:MOST_SHOWN]
        windows = [found.window_ids[i] for i in order]
        ids, _ = window_columns(ctx.dataset, windows, [])
        chosen = [i for i in ids if i is not None]
        ctx.ops.set_view(ctx.dataset.select(chosen, ordered=True))
        return {"shown": len(chosen)}

    @said
    def keep(self, ctx: Any) -> dict[str, Any]:
        """Write the overlap of every window into a field, to filter and sort by."""
        entries = {entry.name: entry for entry in checkpoints_of(ctx)}
        first, second = _pair(ctx, list(entries))
        found = comparisons_of(home_of_app()).open(folder_of(ctx), first, second, _k(ctx))
        field = write_overlap(ctx.dataset, entries[first], entries[second], found)
        ctx.ops.reload_dataset()
        return {"field": field}

    @said
    def sample(self, ctx: Any) -> dict[str, Any]:
        """Open one sample."""
        ctx.ops.open_sample(id=str(ctx.params.get("id")))
        return {}


def _tell_view(ctx: Any) -> None:
    """Ids of the samples of the grid's view; null when it is the whole data set.

    A text, because the App merges lists of panel data item by item; data and not state, because
    the App stores state in the workspace and then loads the page's data again.
    """
    ids = ctx.view.values("id") if ctx.has_custom_view else None
    ctx.panel.data.in_view = json.dumps(ids, separators=(",", ":"))


def _pair(ctx: Any, names: list[str]) -> tuple[str, str]:
    """The two checkpoints that are asked for."""
    first = ctx.params.get("first")
    first = first if first in names else names[0]
    second = ctx.params.get("second")
    if second not in names or second == first:
        second = next(name for name in names if name != first)
    return first, second


def _k(ctx: Any) -> int | None:
    k = ctx.params.get("k")
    return k if isinstance(k, int) and 1 <= k <= 1000 else None
