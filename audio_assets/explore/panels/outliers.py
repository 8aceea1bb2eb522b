"""The panel `outliers`: the windows of the view that are least like the others, ranked."""

from __future__ import annotations

import json
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from audio_assets.errors import AudioAssetsError
from audio_assets.explore.ledger import CheckpointEntry
from audio_assets.explore.own_stages import view_without, with_query
from audio_assets.explore.panel_context import checkpoints_of, folder_of
from audio_assets.explore.view_changes import view_changed

MARK = "audio_assets: outliers"
SHOWN = 100


class OutliersPanel(foo.Panel):
    """Sorts in MongoDB by the scores that a run wrote."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="outliers",
            label="Outliers",
            icon="scatter_plot",
            surfaces="grid",
            help_markdown="Windows that sound like nothing else here: rare calls, or faults.",
        )

    def on_load(self, ctx: Any) -> None:
        self._show(ctx)

    def on_change_view(self, ctx: Any) -> None:
        if view_changed(ctx):
            self._show(ctx)

    def on_change_dataset(self, ctx: Any) -> None:
        ctx.panel.state.checkpoint = None
        self._show(ctx)

    def choose(self, ctx: Any) -> None:
        """Take the scores under another checkpoint."""
        ctx.panel.state.checkpoint = ctx.params.get("checkpoint")
        self._show(ctx)

    def show_in_grid(self, ctx: Any) -> None:
        """Sort the view by score, the farthest from all others first."""
        try:
            field = self._entry(ctx)[0].outlier_field
        except AudioAssetsError as error:
            ctx.ops.notify(str(error), variant="error")
            return
        scored = with_query(view_without(ctx, MARK), {field: {"$gt": 0}}, MARK)
        ctx.ops.set_view(scored.sort_by(field, reverse=True))

    def clear(self, ctx: Any) -> None:
        """Take the order out of the view."""
        ctx.ops.set_view(view_without(ctx, MARK))

    def render(self, ctx: Any) -> types.Property:
        view = types.View(
            component="OutliersView",
            composite_view=True,
            choose=self.choose,
            show_in_grid=self.show_in_grid,
            clear=self.clear,
        )
        return types.Property(types.Object(), view=view)

    def _entry(self, ctx: Any) -> tuple[CheckpointEntry, list[CheckpointEntry]]:
        """The checkpoint that is looked at, and all that have scores."""
        known = [e for e in checkpoints_of(ctx) if ctx.dataset.has_field(e.outlier_field)]
        if not known:
            raise AudioAssetsError("There are no outlier scores of this folder yet. Run it again.")
        wanted = ctx.panel.state.checkpoint
        return next((e for e in known if e.name == wanted), known[0]), known

    def _show(self, ctx: Any) -> None:
        ctx.panel.data.outliers = json.dumps(self._contents(ctx), separators=(",", ":"))

    def _contents(self, ctx: Any) -> dict[str, Any]:
        try:
            folder = folder_of(ctx)
            entry, known = self._entry(ctx)
        except AudioAssetsError as error:
            return {"problem": str(error)}
        view = view_without(ctx, MARK)
        wanted = {
            "path": 1, "filepath": 1, "start_s": 1, "end_s": 1, "score": f"${entry.outlier_field}",
            "label": "$label.label", "cluster": f"${entry.cluster_field}.label",
        }  # fmt: skip
        found: Any = view._aggregate(
            post_pipeline=[
                {"$match": {entry.outlier_field: {"$gt": 0}}},
                {"$sort": {entry.outlier_field: -1, "_id": 1}},
                {"$limit": SHOWN},
                {"$project": wanted},
            ]
        )
        rows = [{**row, "_id": str(row["_id"])} for row in found]
        return {
            "dataset": folder,
            "checkpoint": entry.name,
            "checkpoints": [e.name for e in known],
            "rows": rows,
        }
