"""How a data set first looks in the App; made once, then it belongs to the people who use it."""

from __future__ import annotations

from typing import Any

import fiftyone as fo

NAME = "explore"
DESCRIPTION = "Spectrograms and the map of the embedding space side by side"


def save_workspace(dataset: fo.Dataset) -> None:
    """Save the workspace `explore`, unless it is there (a person may have changed it)."""
    if dataset.has_workspace(NAME):
        return
    grid = fo.Panel(type="Samples", pinned=True)
    embeddings = fo.Panel(type="Embeddings")
    spaces = fo.Space(
        orientation="horizontal",
        children=[
            # without active_child the App shows blank panes and no error (FiftyOne 1.22.1)
            fo.Space(children=[grid], active_child=grid.component_id),
            fo.Space(children=[embeddings], active_child=embeddings.component_id),
        ],
    )
    dataset.save_workspace(NAME, spaces, description=DESCRIPTION)


def style_new_dataset(dataset: fo.Dataset) -> None:
    """Colour by value, so that a class has one colour in the grid and on the map."""
    config: Any = dataset.app_config
    config.color_scheme = fo.ColorScheme(color_by="value")
    config.active_fields = fo.DatasetAppConfig.default_active_fields(dataset)
    config.active_fields.paths = ["label"]
    dataset.save()
