"""3-D map: UMAP or t-SNE in three dimensions, computed by a run or on request."""

from __future__ import annotations

from typing import Any, cast

import fiftyone.operators as foo
import fiftyone.operators.types as types
import pyarrow as pa
import pyarrow.parquet as pq

from audio_assets.analysis.map_3d import Kind, make_map_3d, read_map_3d
from audio_assets.comparison import coordinates_of
from audio_assets.errors import UsageError
from audio_assets.explore.panel_answers import said
from audio_assets.explore.panel_context import checkpoints_of, folder_of, home_of_app
from audio_assets.explore.window_columns import rounded, window_columns
from audio_assets.reading import embeddings_table
from audio_assets.settings import load_settings

SECONDS_PER_WINDOW = {"umap": 0.004, "tsne": 0.03}
"""Measured on two processors; the first UMAP of a process also compiles, about 10 s."""


class Map3d(foo.Panel):
    """The drawing is `js/43_map_3d.js`; here is what it asks for."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="map_3d", label="3-D map", icon="view_in_ar", surfaces="grid",
            help_markdown="The embedding space in three dimensions. Drag to turn.",
        )  # fmt: skip

    def render(self, ctx: Any) -> types.Property:
        """The component."""
        view = types.View(
            component="Map3d", composite_view=True, on_open=self.open, on_compute=self.compute,
            on_sample=self.sample,
        )  # fmt: skip
        return types.Property(types.Object(), view=view)

    @said
    def open(self, ctx: Any) -> dict[str, Any]:
        """The stored map; without `axes` where there is none yet."""
        checkpoint, kind, names = _asked(ctx)
        table = read_map_3d(
            home_of_app(), folder_of(ctx), checkpoint, kind, load_settings(home=home_of_app().root)
        )
        return _answer(ctx, checkpoint, kind, names, table)

    @said
    def compute(self, ctx: Any) -> dict[str, Any]:
        """Compute the map, store it, and show it."""
        checkpoint, kind, names = _asked(ctx)
        home, folder = home_of_app(), folder_of(ctx)
        embeddings = embeddings_table(home, folder, checkpoint)
        settings = load_settings(home=home.root)
        table = make_map_3d(home, folder, checkpoint, kind, embeddings, settings)
        return _answer(ctx, checkpoint, kind, names, table)

    @said
    def sample(self, ctx: Any) -> dict[str, Any]:
        """Open one sample."""
        ctx.ops.open_sample(id=str(ctx.params.get("id")))
        return {}


def _asked(ctx: Any) -> tuple[str, Kind, list[str]]:
    """Checkpoint, kind of map, and all checkpoints."""
    names = [entry.name for entry in checkpoints_of(ctx)]
    if not names:
        raise UsageError("This folder has no vectors yet. Start a run for it first.")
    checkpoint = ctx.params.get("checkpoint")
    kind = "tsne" if ctx.params.get("kind") == "tsne" else "umap"
    return (checkpoint if checkpoint in names else names[0]), cast(Kind, kind), names


def _answer(
    ctx: Any, checkpoint: str, kind: Kind, names: list[str], table: pa.Table | None
) -> dict[str, Any]:
    found: dict[str, Any] = {"checkpoint": checkpoint, "checkpoints": names, "colourings": []}
    if table is None:
        path = home_of_app().asset("embeddings", checkpoint=checkpoint, folder=folder_of(ctx))
        windows = pq.read_metadata(path).num_rows
        return {**found, "windows": windows, "estimate": _estimate(kind, windows)}
    ids = table["window_id"].combine_chunks()
    windows = ids.to_pylist()
    entries = [entry for entry in checkpoints_of(ctx) if entry.name == checkpoint]
    samples, colourings = window_columns(ctx.dataset, windows, entries)
    points = coordinates_of(table, ids)
    return {
        **found, "windows": len(windows), "ids": samples,
        "axes": rounded(points) if points is not None else None,
        "colourings": [colouring.to_json() for colouring in colourings],
    }  # fmt: skip


def _estimate(kind: Kind, windows: int) -> str:
    seconds = 10 + SECONDS_PER_WINDOW[kind] * windows
    if seconds < 90:
        return "It takes less than two minutes."
    return f"It takes about {seconds / 60:.0f} minutes; the App goes on meanwhile."
