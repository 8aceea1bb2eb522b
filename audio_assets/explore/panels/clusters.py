"""The panel `clusters`: a card per cluster, with exemplars that play and a name to give."""

from __future__ import annotations

import json
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from audio_assets.analysis.clustering.finished import (
    OF_ASSET,
    FinishedClustering,
    finished_clustering,
    finished_clusterings,
)
from audio_assets.catalogue.people import person
from audio_assets.catalogue.window_editing import label_edits
from audio_assets.errors import AudioAssetsError
from audio_assets.explore.clusters.cards import NOISE, cluster_cards, members_of
from audio_assets.explore.clusters.naming import name_cluster
from audio_assets.explore.clusters.windows import windows_of
from audio_assets.explore.own_stages import marked_choice, view_without, with_query
from audio_assets.explore.panel_context import checkpoints_of, folder_of, home_of_app

MARK = "audio_assets: cluster"


class ClustersPanel(foo.Panel):
    """Reads the materialized tables; what a person changes goes through the edits."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="clusters",
            label="Clusters",
            icon="bubble_chart",
            surfaces="grid",
            help_markdown="Windows that sound alike: listen, show them, give them a name.",
        )

    def on_load(self, ctx: Any) -> None:
        self._show(ctx)
        self.on_change_view(ctx)

    def on_change_dataset(self, ctx: Any) -> None:
        ctx.panel.state.source = None
        self._show(ctx)

    def on_change_view(self, ctx: Any) -> None:
        # from the view itself: of an earlier view the App may tell late
        ctx.panel.data.shown = marked_choice(ctx, MARK)

    def choose(self, ctx: Any) -> None:
        """Look at another clustering; `source` is its id."""
        ctx.panel.state.source = ctx.params.get("source")
        self._show(ctx)

    def show_windows(self, ctx: Any) -> None:
        """Make the windows of `cluster` the view, among those that the filters let through."""
        try:
            found, number = self._chosen(ctx), int(ctx.params["cluster"])
            choice = f"{found.id}.{number}"
            query = _query(ctx, found, number)
            ctx.ops.set_view(with_query(view_without(ctx, MARK), query, MARK, choice))
            ctx.panel.data.shown = choice
        except AudioAssetsError as error:
            ctx.ops.notify(str(error), variant="error")

    def clear(self, ctx: Any) -> None:
        """Take the cluster out of the view; everything else in the view stays."""
        ctx.ops.set_view(view_without(ctx, MARK))
        ctx.panel.data.shown = ""

    def rename(self, ctx: Any) -> None:
        """Give the windows of `cluster` the label `label`; `by` says who."""
        params = ctx.params
        try:
            count = name_cluster(
                home_of_app(), ctx.dataset, self._chosen(ctx), int(params["cluster"]),
                str(params["label"]), by=person(params.get("by")),
                only_unlabelled=bool(params.get("only_unlabelled")),
            )  # fmt: skip
        except AudioAssetsError as error:
            ctx.ops.notify(str(error), variant="error")
            return
        windows = f"{count:,} window{'' if count == 1 else 's'}"
        ctx.ops.notify(f"{windows} labelled {params['label']!r}.", variant="success")
        ctx.ops.reload_dataset()
        self._show(ctx)

    def render(self, ctx: Any) -> types.Property:
        view = types.View(
            component="ClustersView",
            composite_view=True,
            choose=self.choose,
            show_windows=self.show_windows,
            clear=self.clear,
            rename=self.rename,
        )
        return types.Property(types.Object(), view=view)

    def _chosen(self, ctx: Any) -> FinishedClustering:
        checkpoints = [entry.name for entry in checkpoints_of(ctx)]
        wanted = ctx.params.get("source") or ctx.panel.state.source
        return finished_clustering(home_of_app(), folder_of(ctx), checkpoints, str(wanted))

    def _show(self, ctx: Any) -> None:
        # a text, because the App merges lists of panel data item by item
        ctx.panel.data.clusters = json.dumps(_contents(ctx), separators=(",", ":"))


def _contents(ctx: Any) -> dict[str, Any]:
    """Everything that the panel shows, or why there is nothing."""
    try:
        home, folder = home_of_app(), folder_of(ctx)
        sources = finished_clusterings(home, folder, [e.name for e in checkpoints_of(ctx)])
        if not sources:
            return {"problem": "There are no clusters of this folder yet. Run it once more."}
        wanted = ctx.params.get("source") or ctx.panel.state.source
        source = next((s for s in sources if s.id == wanted), sources[0])
        known = windows_of(ctx.dataset)
        cards = cluster_cards(source.table(), known, label_edits(home, folder))
    except AudioAssetsError as error:
        return {"problem": str(error)}
    return {
        "dataset": folder,
        "sources": [{"id": s.id, "title": s.title} for s in sources],
        "source": source.id,
        "quality": source.quality,
        "cards": [card.to_json() for card in cards],
        "labels": sorted({w.label for w in known.values() if w.label is not None})[:500],
        "person": person(),
    }


def _query(ctx: Any, clustering: FinishedClustering, number: int) -> dict[str, Any]:
    """By the field that a run wrote where there is one: a short stage; else by window ids."""
    if clustering.id.startswith(OF_ASSET):
        entries = {entry.name: entry for entry in checkpoints_of(ctx)}
        field = entries[clustering.checkpoint].cluster_field
        if ctx.dataset.has_field(field):
            return {f"{field}.label": "noise" if number == NOISE else str(number)}
    return {"window_id": {"$in": members_of(clustering.table(), number)}}
