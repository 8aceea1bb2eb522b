"""The panel `map`: places without a token or a network; boxes and lassos become views."""

from __future__ import annotations

import json
from typing import Any

import fiftyone.operators as foo
import fiftyone.operators.types as types

from audio_assets.bounding_box import BoundingBox
from audio_assets.errors import AudioAssetsError
from audio_assets.explore.map.coastline import coastline
from audio_assets.explore.map.coloring import color_paths, colors_of
from audio_assets.explore.map.places import places_of
from audio_assets.explore.map.regions import box_query, lasso_query, region_of
from audio_assets.explore.own_stages import marked_query, view_without, with_query
from audio_assets.explore.view_changes import view_changed

MARK = "audio_assets: region of the map"


class MapPanel(foo.Panel):
    """Sends the browser one row per place; the browser draws, zooms and pans by itself."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="map",
            label="World map",  # FiftyOne has a panel "Map", which wants a token
            icon="public",
            surfaces="grid",
            help_markdown="Where the windows were recorded. Works without a network.",
        )

    def on_load(self, ctx: Any) -> None:
        ctx.panel.data.coastline = coastline()
        self._show(ctx)

    def on_change_view(self, ctx: Any) -> None:
        if view_changed(ctx):
            self._show(ctx)

    def on_change_dataset(self, ctx: Any) -> None:
        self._show(ctx)

    def color_by(self, ctx: Any) -> None:
        """Colour the points by another field."""
        ctx.panel.state.path = ctx.params.get("path")
        self._show(ctx)

    def choose_box(self, ctx: Any) -> None:
        """Make the box that was drawn the view; `box` is west, south, east, north."""
        try:
            self._choose(ctx, box_query(BoundingBox.of(ctx.params["box"])))
        except AudioAssetsError as error:
            ctx.ops.notify(str(error), variant="error")

    def choose_lasso(self, ctx: Any) -> None:
        """Make the polygon that was drawn the view; `corners` are (longitude, latitude)."""
        try:
            self._choose(ctx, lasso_query(ctx.params["corners"]))
        except AudioAssetsError as error:
            ctx.ops.notify(str(error), variant="error")

    def clear(self, ctx: Any) -> None:
        """Take the region out of the view; everything else in the view stays."""
        ctx.ops.set_view(view_without(ctx, MARK))

    def render(self, ctx: Any) -> types.Property:
        view = types.View(
            component="MapView",
            composite_view=True,
            color_by=self.color_by,
            choose_box=self.choose_box,
            choose_lasso=self.choose_lasso,
            clear=self.clear,
        )
        return types.Property(types.Object(), view=view)

    def _choose(self, ctx: Any, query: dict[str, Any]) -> None:
        ctx.ops.set_view(with_query(view_without(ctx, MARK), query, MARK))

    def _show(self, ctx: Any) -> None:
        dataset = ctx.dataset
        if dataset is None:
            return
        paths = color_paths(dataset)
        path = ctx.panel.state.path
        path = path if path in paths else next(iter(paths), None)
        places = places_of(view_without(ctx, MARK), path)
        # a text, because the App merges lists of panel data item by item
        ctx.panel.data.map = json.dumps(
            {
                **vars(places),
                "colors": colors_of(dataset, path, places.names),
                "path": path,
                "paths": paths,
                "region": region_of(marked_query(ctx, MARK)),
                "dataset": dataset.name,
            },
            separators=(",", ":"),
        )
