"""What people say of windows, seen in the App at once; the edits table is what keeps it."""

from __future__ import annotations

from collections.abc import Mapping

import fiftyone as fo

from audio_assets.catalogue.judgements import column_of
from audio_assets.explore.dataset import exclusive_dataset
from audio_assets.explore.fields import declare
from audio_assets.explore.ledger import load_ledger, save_ledger
from audio_assets.home import Home


def show_judgements(
    home: Home, dataset: fo.Dataset, name: str, answers: Mapping[str, str | None]
) -> str:
    """Write answers into the field of a class, which the next run takes over as its own.

    Args:
        home: of the data set.
        dataset: of the folder.
        name: the class.
        answers: sample id → "yes", "no" or None.

    Returns:
        The field; nothing is written where a person made a field of that name himself.
    """
    field = column_of(name)
    book = load_ledger(dataset)
    if book is None:
        return field
    if not book.owns(field):
        if dataset.has_field(field):
            return field
        with exclusive_dataset(home, str(dataset.name)):
            dataset.reload()
            book = load_ledger(dataset) or book
            book.fields[field] = "string"
            declare(dataset, {field: "string"})
            save_ledger(dataset, book)
    if answers:
        dataset.set_values(field, dict(answers), key_field="id", progress=False)
    return field
