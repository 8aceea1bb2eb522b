"""An ad-hoc clustering written into FiftyOne, as a field of a name that the user chose."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from audio_assets.errors import UsageError
from audio_assets.explore.dataset import exclusive_dataset, open_dataset
from audio_assets.home import Home

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
DESCRIPTION = "Clusters written by `audio-assets cluster`: "


def write_clustering(home: Home, assignments: pa.Table, job_id: str, name: str) -> dict[str, int]:
    """Write clusters into the data sets of their folders.

    The field holds classifications: the cluster's number, or "noise", with the probability. It
    belongs to the user: later runs leave it alone. A field that an earlier clustering wrote is
    replaced; any other field of that name is not touched.

    Args:
        home: whose database.
        assignments: `schemas.ASSIGNMENTS`.
        job_id: of the clustering; goes into the field's description.
        name: of the field.

    Returns:
        Samples written, by folder.

    Raises:
        UsageError: the name cannot be a field, or belongs to a field that is not ours to replace.
        NotMaterializedError: a folder has no data set.
        DatabaseError: MongoDB cannot be reached.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a field: letters, digits and '_', starting with a letter."
        )
    folders = sorted(set(assignments["folder"].to_pylist()))
    for folder in folders:
        _refuse_foreign(home, folder, name)
    return {f: _write(home, f, _of(assignments, f), job_id, name) for f in folders}


def _refuse_foreign(home: Home, folder: str, name: str) -> None:
    """Refuse a field that is FiftyOne's, a person's or one that runs write."""
    dataset = open_dataset(home, folder)
    from audio_assets.explore.fields import reserved_names

    present: Any = dataset.get_field(name)
    ours = present is not None and (present.description or "").startswith(DESCRIPTION)
    if name in reserved_names() or (present is not None and not ours):
        raise UsageError(
            f"The data set {folder!r} already has something named {name!r}, which is left alone; "
            "choose another field name."
        )


def _of(assignments: pa.Table, folder: str) -> dict[str, tuple[str, float]]:
    """(label, probability) of each window of a folder."""
    names = ("window_id", "folder", "cluster", "probability")
    rows = zip(*(assignments[n].to_pylist() for n in names), strict=True)
    return {
        window: ("noise" if cluster < 0 else str(cluster), probability)
        for window, of, cluster, probability in rows
        if of == folder
    }


def _write(
    home: Home, folder: str, found: dict[str, tuple[str, float]], job_id: str, name: str
) -> int:
    dataset = open_dataset(home, folder)
    import fiftyone as fo

    with exclusive_dataset(home, folder):
        dataset.reload()
        if dataset.has_field(name):
            dataset.delete_sample_field(name)
        dataset.add_sample_field(
            name,
            fo.EmbeddedDocumentField,
            embedded_doc_type=fo.Classification,
            description=f"{DESCRIPTION}{job_id}",
        )
        values = {
            sample: fo.Classification(label=found[window][0], confidence=found[window][1])
            for sample, window in zip(*dataset.values(["id", "window_id"]), strict=True)
            if window in found
        }
        dataset.set_values(name, values, key_field="id", progress=False)
    return len(values)
