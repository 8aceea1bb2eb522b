"""Fields of a data set that this package owns: their declaration, values and database indexes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone as fo
from fiftyone.core.odm import DatasetSampleDocument

from audio_assets.explore.columns import Column, Kind

DESCRIPTION = "Written by audio_assets; edits here are replaced by its next run"

INDEXED = ("window_id", "label.label", "fold")
EVENTS = "events"
"""Detections from event tables; see `events_field`."""


def reserved_names() -> set[str]:
    """Names that are FiftyOne's own: default fields, and attributes a field would hide."""
    return {
        *dir(fo.Sample),
        *dir(DatasetSampleDocument),
        "id",
        "tags",
        "metadata",
        "pk",
        "frames",
        EVENTS,
    }


def declare(dataset: fo.Dataset, kinds: Mapping[str, Kind]) -> None:
    """Declare fields, all at once; those of ours that had another type are replaced."""
    schema: dict[str, fo.Field] = {}
    for name, kind in kinds.items():
        wanted, options = _field(kind)
        present = dataset.get_field(name)
        if present is not None:
            embedded = getattr(present, "document_type", None)
            if type(present) is wanted and embedded is options.get("document_type"):
                continue
            dataset.delete_sample_field(name)
        schema[name] = wanted(description=DESCRIPTION, **options)
    if schema:
        # the public add_sample_field reloads the data set for every field, 50 ms each
        dataset._merge_sample_field_schema(schema)


def declare_vectors(dataset: fo.Dataset, name: str) -> bool:
    """Declare a vector field; returns whether it is new (or had to be made anew)."""
    present = dataset.get_field(name)
    if isinstance(present, fo.VectorField):
        return False
    if present is not None:
        dataset.delete_sample_field(name)
    dataset.add_sample_field(name, fo.VectorField, description=DESCRIPTION)
    return True


def to_fiftyone(kind: Kind, value: Any) -> Any:
    """The value of a column as FiftyOne wants it in a sample."""
    if value is None:
        return None
    if kind == "label":
        return fo.Classification(label=value)
    if kind == "cluster":
        return fo.Classification(label=value[0], confidence=value[1])
    if kind == "location":
        return fo.GeoLocation(point=list(value))
    return value


def index_fields(dataset: fo.Dataset, columns: dict[str, Column]) -> None:
    """Create the indexes that filters in the App and look-ups by window use."""
    present = set(dataset.list_indexes())
    for path in INDEXED:
        if path.split(".")[0] in columns and path not in present:
            dataset.create_index(path)
    if "location" in columns and not any(p.startswith("location.point") for p in present):
        dataset.create_index([("location.point", "2dsphere")])


def _field(kind: Kind) -> tuple[type[fo.Field], dict[str, Any]]:
    if kind in ("label", "cluster"):
        return fo.EmbeddedDocumentField, {"document_type": fo.Classification}
    if kind == "location":
        return fo.EmbeddedDocumentField, {"document_type": fo.GeoLocation}
    if kind == "strings":
        return fo.ListField, {"field": fo.StringField()}
    plain: dict[str, type[fo.Field]] = {
        "string": fo.StringField,
        "int": fo.IntField,
        "float": fo.FloatField,
        "bool": fo.BooleanField,
        "time": fo.DateTimeField,
    }
    return plain[kind], {}
