"""What the map can be coloured by, and in which colours: those of the grid where it has some."""

from __future__ import annotations

from typing import Any

import fiftyone as fo

from audio_assets.analysis.palette import color
from audio_assets.explore.workspace import ABOUT_SOUND, TECHNICAL

GREY = "#8a93a0"
GREY_NAMES = frozenset({"noise", "no value"})
PLAIN = (fo.StringField, fo.IntField, fo.BooleanField)

_orders: dict[tuple[str, str], dict[str, int]] = {}


def color_paths(dataset: fo.Dataset) -> list[str]:
    """Paths of values that tell places apart: labels and clusters, then plain fields."""
    schema = dataset.get_field_schema()
    labels = [
        f"{name}.label"
        for name, field in schema.items()
        if getattr(field, "document_type", None) is fo.Classification
    ]
    first = [name for name in ABOUT_SOUND if isinstance(schema.get(name), PLAIN)]
    rest = [
        name
        for name, field in schema.items()
        if isinstance(field, PLAIN) and name not in TECHNICAL and name not in first
    ]
    return [*sorted(labels, key=lambda path: path != "label.label"), *first, *rest]


def colors_of(dataset: fo.Dataset, path: str | None, names: list[str]) -> list[str]:
    """A colour for each name; the same one whatever the view leaves out.

    Args:
        dataset: whose colour scheme comes first.
        path: of the values, as of `color_paths`.
        names: texts of the values.
    """
    chosen = _of_the_grid(dataset, path)
    order = _order(dataset, path, names) if path else {}
    return [
        GREY if name in GREY_NAMES else chosen.get(name) or color(order.get(name, len(order)))
        for name in names
    ]


def _of_the_grid(dataset: fo.Dataset, path: str | None) -> dict[str, str]:
    """Colours that the App's grid gives to the values of a label."""
    config: Any = dataset.app_config
    scheme = config.color_scheme
    fields: list[dict[str, Any]] = (scheme.fields if scheme else None) or []
    field = next((f for f in fields if path == f"{f.get('path')}.label"), {})
    values = field.get("valueColors") or []
    return {str(v["value"]): v["color"] for v in values if v.get("color")}


def _order(dataset: fo.Dataset, path: str, names: list[str]) -> dict[str, int]:
    """The number of each value of a field; asked of MongoDB again when a name is new."""
    key = (str(dataset.name), path)
    order = _orders.get(key, {})
    if not order.keys() >= set(names) - GREY_NAMES:
        values: Any = dataset.distinct(path)
        known = [str(value) for value in values if str(value) not in GREY_NAMES]
        order = _orders[key] = {name: i for i, name in enumerate(known)}
    return order
