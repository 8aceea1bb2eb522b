"""How a data set first looks in the App; made once, then it belongs to the people who use it."""

from __future__ import annotations

from colorsys import hls_to_rgb
from typing import Any

import fiftyone as fo

NAME = "explore"
DESCRIPTION = "Spectrograms and the map of the embedding space side by side"

COLORS = (
    "#2f7ed8", "#d9700a", "#2e9e44", "#d62f3c", "#8e5bd0", "#a88400", "#d6409f", "#129b8f",
    "#9c6b3f", "#6b7785", "#5b8c00", "#a61e4d", "#1098ad", "#5f3dc4", "#ff6b6b", "#4263eb",
)  # fmt: skip
"""Told apart on the App's dark ground and readable under white text (FiftyOne's own pool has
near-black greens and blues)."""

COLORED_CLASSES = 100

ABOUT_SOUND = ("category", "major_group", "fold", "target", "esc10", "src_file", "take")
TECHNICAL = (
    "window_id", "recording_id", "path", "filename", "subfolder", "audio_filepath", "filepath",
    "padded_s", "sample_rate", "channels", "warning", "coordinates", "id", "created_at",
    "last_modified_at",
)  # fmt: skip


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
    """One colour per class in the grid and on the map; labels first in the sidebar."""
    config: Any = dataset.app_config
    distinct: Any = dataset.distinct("label.label")
    classes = distinct[:COLORED_CLASSES]
    of_classes = [{"value": name, "color": color(i)} for i, name in enumerate(classes)]
    config.color_scheme = fo.ColorScheme(
        color_by="value",
        color_pool=list(COLORS),
        # the pool alone goes by a hash of the name, so that two of ten classes look alike
        fields=[{"path": "label", "colorByAttribute": "label", "valueColors": of_classes}],
    )
    config.active_fields = fo.DatasetAppConfig.default_active_fields(dataset)
    config.active_fields.paths = ["label"]
    config.sidebar_groups = _sidebar(dataset)
    dataset.save()


def color(index: int) -> str:
    """The colour of the n-th class: the palette, then hues in steps of the golden angle."""
    if index < len(COLORS):
        return COLORS[index]
    rgb = hls_to_rgb(index * 0.618034 % 1, 0.45 + 0.15 * (index % 2), 0.65)
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)


def _sidebar(dataset: fo.Dataset) -> list[Any]:
    """FiftyOne's groups, reordered: labels, what the sound is, the rest, technical ones closed."""
    defaults: Any = fo.DatasetAppConfig.default_sidebar_groups(dataset)
    groups = {group.name: group for group in defaults}
    plain = list(groups["primitives"].paths) if "primitives" in groups else []
    sound = [path for path in ABOUT_SOUND if path in plain]
    technical = [path for path in TECHNICAL if path in plain]
    rest = [path for path in plain if path not in sound and path not in technical]
    first = [groups.pop(name) for name in ("labels",) if name in groups]
    groups.pop("primitives", None)
    for group in groups.values():
        group.expanded = group.name == "tags"
    return [
        *first,
        *(fo.SidebarGroupDocument(name=n, paths=p) for n, p in _named(sound, rest) if p),
        *groups.values(),
        fo.SidebarGroupDocument(name="technical", paths=technical, expanded=False),
    ]


def _named(sound: list[str], rest: list[str]) -> list[tuple[str, list[str]]]:
    return [("sound", sound), ("recording", rest)]
