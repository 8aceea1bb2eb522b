"""Samples as MongoDB documents: read, and inserted where that is safe, without Python objects.

FiftyOne builds, serialises and re-reads an object per sample, 2 ms each with thirty fields: 40 s
for 20,000. Here the first sample goes through FiftyOne, and if a document of ours for the same
sample equals what FiftyOne stored, the rest are inserted as such documents.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import fiftyone as fo
import fiftyone.core.utils as fou
from bson import ObjectId

from audio_assets.explore.columns import Column, Kind
from audio_assets.explore.vectors import Vectors

VARIABLE = ("_id", "_rand", "created_at", "last_modified_at")


def collection(dataset: fo.Dataset) -> Any:
    """The pymongo collection of the samples (FiftyOne has no public name for it)."""
    return dataset._sample_collection


def read_rows(dataset: fo.Dataset, columns: dict[str, Column]) -> Iterator[dict[str, Any]]:
    """One dict per sample: `id`, `window_id` and the columns' values, as `Column` has them."""
    wanted = dict.fromkeys([*columns, "window_id"], 1)
    for document in collection(dataset).find({}, wanted):
        row = {n: from_document(c.kind, document.get(n)) for n, c in columns.items()}
        row["id"], row["window_id"] = str(document["_id"]), document.get("window_id")
        yield row


def from_document(kind: Kind, stored: Any) -> Any:
    """A stored value in the form that `Column` has."""
    if stored is None:
        return None
    if kind == "label":
        return stored.get("label")
    if kind == "cluster":
        return stored.get("label"), stored.get("confidence")
    if kind == "location":
        return tuple((stored.get("point") or {}).get("coordinates", ()))
    return stored


def to_document(kind: Kind, value: Any) -> Any:
    """A value of a column as FiftyOne stores it."""
    if kind == "label":
        return _embedded("Classification", label=value)
    if kind == "cluster":
        return _embedded("Classification", label=value[0], confidence=value[1])
    if kind == "location":
        return _embedded("GeoLocation", point={"type": "Point", "coordinates": list(value)})
    return value


def documents(
    template: dict[str, Any],
    columns: dict[str, Column],
    vectors: Vectors,
    vector_field: str,
    rows: list[int],
) -> Iterator[dict[str, Any]]:
    """Documents of new samples; `template` gives what is the same for all of them.

    Fields without a value are left out, as FiftyOne does.
    """
    names = {*columns, vector_field, *VARIABLE, "tags"}
    common = {name: value for name, value in template.items() if name not in names}
    now = datetime.now(UTC).replace(tzinfo=None)
    for row in rows:
        document = {
            "_id": ObjectId(), **common, "tags": [],
            "_rand": random.random() * 0.001 + 0.999,  # noqa: S311 (FiftyOne's shuffling key)
            "created_at": now, "last_modified_at": now,
        }  # fmt: skip
        for name, column in columns.items():
            if column.values[row] is not None:
                document[name] = to_document(column.kind, column.values[row])
        vector = vectors.of(row)
        if vector is not None:
            document[vector_field] = fou.serialize_numpy_array(vector)
        yield document


def equal(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two documents say the same, ids and times aside."""
    return _comparable(ours) == _comparable(theirs)


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {k: v for k, v in value.items() if k != "_id"} if isinstance(value, dict) else value
        for name, value in document.items()
        if name not in VARIABLE
    }


def _embedded(kind: str, **values: Any) -> dict[str, Any]:
    return {"_id": ObjectId(), "_cls": kind, "tags": [], **values}
