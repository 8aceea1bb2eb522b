"""The samples of a data set: added, updated and removed so that they are the windows, no more."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import fiftyone as fo

from audio_assets.errors import DatabaseError, StorageError
from audio_assets.explore.columns import SampleTable
from audio_assets.explore.documents import collection, documents, equal, read_rows
from audio_assets.explore.fields import to_fiftyone
from audio_assets.explore.mongod_repair import repair_collection
from audio_assets.explore.vectors import Vectors
from audio_assets.progress import Progress

log = logging.getLogger(__name__)

BATCH = 2000


@dataclass(frozen=True)
class Change:
    """What an upsert did, and the sample id of each window in the table's order."""

    ids: list[str]
    added: int
    updated: int
    removed: int


def check_previews(png_dir: Path, window_ids: list[str]) -> None:
    """Refuse to go on when a spectrogram is missing or empty.

    Raises:
        StorageError: naming the first few.
    """
    try:
        with os.scandir(png_dir) as entries:
            there = {e.name for e in entries if e.stat().st_size > 0}
    except OSError:
        there = set()
    missing = [f"{w}.png" for w in window_ids if f"{w}.png" not in there]
    if missing:
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise StorageError(
            f"{len(missing)} of {len(window_ids)} spectrogram images are missing in {png_dir}: "
            f"{shown}. Run again: the spectrograms that are missing are computed."
        )


def upsert(dataset: fo.Dataset, table: SampleTable, vectors: Vectors, vector_field: str) -> Change:
    """Make the samples equal to the table, by window; write only what differs.

    Samples without a window (a person added them) are left alone. New samples get their vector at
    once; vectors of older ones are `vectors.update_vectors`'s business.
    """
    row_of = {window: row for row, window in enumerate(table.window_ids)}
    kept: dict[str, str] = {}
    surplus: list[str] = []
    changes: dict[str, dict[str, int]] = {}  # field → sample id → row
    for stored in read_rows(dataset, table.columns):
        window, sample_id = stored["window_id"], stored["id"]
        if window is None:
            continue
        row = row_of.get(window)
        if row is None or window in kept:
            surplus.append(sample_id)
            continue
        kept[window] = sample_id
        for name, column in table.columns.items():
            if stored[name] != column.values[row]:
                changes.setdefault(name, {})[sample_id] = row
    if surplus:
        dataset.delete_samples(surplus)
    _write(dataset, table, changes)
    missing = [row for row, window in enumerate(table.window_ids) if window not in kept]
    new_ids = _add(dataset, table, vectors, vector_field, missing)
    kept.update(zip((table.window_ids[row] for row in missing), new_ids, strict=True))
    touched = {sample_id for rows in changes.values() for sample_id in rows}
    return Change([kept[w] for w in table.window_ids], len(missing), len(touched), len(surplus))


def check_counts(dataset: fo.Dataset, expected: int) -> None:
    """Count what is really there; repair MongoDB's estimate if it disagrees.

    Raises:
        DatabaseError: when the samples with a window are not as many as the windows.
    """
    repair_collection(collection(dataset))
    found = dataset.exists("window_id").count("id")
    if found != expected:
        raise DatabaseError(
            f"The data set {dataset.name!r} has {found} samples for {expected} windows. Run again; "
            "if it stays so, another process writes to this data set."
        )


def _write(dataset: fo.Dataset, table: SampleTable, changes: dict[str, dict[str, int]]) -> None:
    for name, rows in changes.items():
        column = table.columns[name]
        values = {i: to_fiftyone(column.kind, column.values[row]) for i, row in rows.items()}
        dataset.set_values(name, values, key_field="id", progress=False)


def _add(
    dataset: fo.Dataset, table: SampleTable, vectors: Vectors, vector_field: str, rows: list[int]
) -> list[str]:
    """Add the samples of some rows; returns their ids in that order."""
    if not rows:
        return []
    dataset.add_sample(_sample(table, vectors, vector_field, rows[0]), expand_schema=False)
    samples = collection(dataset)
    theirs = samples.find_one({"window_id": table.window_ids[rows[0]]})
    ours = next(documents(theirs, table.columns, vectors, vector_field, rows[:1]))
    ids, rest = [str(theirs["_id"])], rows[1:]
    if not equal(ours, theirs):
        log.warning("FiftyOne stores samples in a way not known here; adding them one by one")
        added: Any = dataset.add_samples(
            (_sample(table, vectors, vector_field, row) for row in rest),
            expand_schema=False, progress=False, num_samples=len(rest),
        )  # fmt: skip
        return ids + added
    made = documents(theirs, table.columns, vectors, vector_field, rest)
    with Progress(len(rows), "FiftyOne samples", "samples") as bar:
        bar.update()
        while batch := list(islice(made, BATCH)):
            samples.insert_many(batch)
            ids.extend(str(document["_id"]) for document in batch)
            bar.update(len(batch))
    return ids


def _sample(table: SampleTable, vectors: Vectors, vector_field: str, row: int) -> fo.Sample:
    values = {n: to_fiftyone(c.kind, c.values[row]) for n, c in table.columns.items()}
    return fo.Sample(**values, **{vector_field: vectors.of(row)})
