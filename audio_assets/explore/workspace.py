"""How a data set first looks in the App; made once, then it belongs to the people who use it."""

from __future__ import annotations

from typing import Any

import fiftyone as fo

from audio_assets.analysis.palette import COLORS, color
from audio_assets.explore.ledger import Ledger

NAME = "explore"
DESCRIPTION = "Spectrograms and the map of the embedding space side by side"

COLORED_CLASSES = 100
PICTURE, SOUND = "filepath", "audio_filepath"

LABELS, OTHER, PRIMITIVES = "labels", "other", "primitives"
PLAIN, CLOSED = "recording", "technical"
"""Groups of the sidebar: FiftyOne's, and ours."""
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


def show_in_player(dataset: fo.Dataset, book: Ledger) -> None:
    """Let our player show the samples: it takes over where the media field is no picture.

    Done once, then it is the people's choice; the pictures stay selectable (`filepath`), so that
    boxes can be drawn on them.
    """
    if book.player:
        return
    config: Any = dataset.app_config
    config.media_fields = list(dict.fromkeys([*config.media_fields, PICTURE, SOUND]))
    config.grid_media_field = config.modal_media_field = SOUND
    dataset.save()
    book.player = True


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


def tidy_sidebar(dataset: fo.Dataset, book: Ledger) -> None:
    """List fields of later runs beside those of the first; the App heaps up what is in no group.

    Groups that a person removed or renamed stay away, and what is listed somewhere stays there.
    """
    config: Any = dataset.app_config
    groups = {group.name: group for group in config.sidebar_groups or []}
    listed = {path for group in groups.values() for path in group.paths}
    unlisted = set(dataset.get_field_schema()) - listed
    ours = {
        LABELS: [e.cluster_field for e in book.checkpoints],
        PLAIN: [e.outlier_field for e in book.checkpoints],
        OTHER: [f for e in book.checkpoints for f in (e.vector_field, *e.runs.values())],
    }
    late = {name: [f for f in ours[name] if f in unlisted] for name in ours if name in groups}
    for name, fields in late.items():
        groups[name].paths = [*groups[name].paths, *fields]
    if any(late.values()):
        dataset.save()


def _sidebar(dataset: fo.Dataset) -> list[Any]:
    """FiftyOne's groups, reordered: labels, what the sound is, the rest, technical ones closed."""
    defaults: Any = fo.DatasetAppConfig.default_sidebar_groups(dataset)
    groups = {group.name: group for group in defaults}
    plain = list(groups[PRIMITIVES].paths) if PRIMITIVES in groups else []
    sound = [path for path in ABOUT_SOUND if path in plain]
    technical = [path for path in TECHNICAL if path in plain]
    rest = [path for path in plain if path not in sound and path not in technical]
    first = [groups.pop(name) for name in (LABELS,) if name in groups]
    groups.pop(PRIMITIVES, None)
    for group in groups.values():
        group.expanded = group.name == "tags"
    return [
        *first,
        *(fo.SidebarGroupDocument(name=n, paths=p) for n, p in _named(sound, rest) if p),
        *groups.values(),
        fo.SidebarGroupDocument(name=CLOSED, paths=technical, expanded=False),
    ]


def _named(sound: list[str], rest: list[str]) -> list[tuple[str, list[str]]]:
    return [("sound", sound), (PLAIN, rest)]
