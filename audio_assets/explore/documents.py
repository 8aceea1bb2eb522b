"""Samples as MongoDB documents: read, and inserted where that is safe, without Python objects.

FiftyOne builds, serialises and re-reads an object per sample, 2 ms each with thirty fields: 40 s
for 20,000. Here the first sample goes through FiftyOne, and if a document of ours for the same
sample equals what FiftyOne stored, the rest are inserted as such documents.
"""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

import fiftyone as fo
import fiftyone.core.utils as fou
import numpy as np
from bson import ObjectId
from pymongo import UpdateOne

from audio_assets.explore.columns import Column, Kind
from audio_assets.explore.vectors import Vectors

VARIABLE = ("_id", "_rand", "created_at", "last_modified_at")
POINTS = 10_000
"""Written in one message."""


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
            document[vector_field] = stored_vector(vector)
        yield document


def stored_vector(vector: np.ndarray) -> bytes:
    """A float32 vector as `fiftyone.core.utils.deserialize_numpy_array` reads it.

    FiftyOne compresses, which takes twenty times as long and saves 7 % of such numbers (and
    MongoDB compresses what it writes by itself); so this is the same format, stored.
    """
    return zlib.compress(_npy_header(len(vector)) + vector.astype("<f4", copy=False).tobytes(), 0)


@lru_cache(maxsize=8)
def _npy_header(dim: int) -> bytes:
    with io.BytesIO() as file:
        np.save(file, np.zeros(dim, "<f4"), allow_pickle=False)
        return file.getvalue()[: -4 * dim]


def write_points(dataset: fo.Dataset, maps: Mapping[str, tuple[list[str], np.ndarray]]) -> None:
    """Set points of samples, as `set_values` does one field after the other.

    Args:
        dataset: of the samples.
        maps: a declared list of floats → sample ids and their points, float64 [N, 2].
    """
    of_sample: dict[str, dict[str, Any]] = {}
    for name, (ids, points) in maps.items():
        for sample_id, point in zip(ids, points.tolist(), strict=True):
            of_sample.setdefault(sample_id, {})[name] = point
    now = datetime.now(UTC).replace(tzinfo=None)
    updates = (
        UpdateOne({"_id": ObjectId(i)}, {"$set": {**values, "last_modified_at": now}})
        for i, values in of_sample.items()
    )
    while batch := list(islice(updates, POINTS)):
        collection(dataset).bulk_write(batch, ordered=False)


def equal(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two documents say the same, ids and times aside."""
    return _comparable(ours) == _comparable(theirs)


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in document.items() if name not in VARIABLE}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if k != "_id"}
    if isinstance(value, bytes):  # a vector, however well it was compressed
        array = fou.deserialize_numpy_array(value)
        return array.dtype.str, array.shape, array.tobytes()
    return value


def _embedded(kind: str, **values: Any) -> dict[str, Any]:
    return {"_id": ObjectId(), "_cls": kind, "tags": [], **values}
