"""The scores of a classifier checkpoint as fields of the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_assets.explore import fields
from audio_assets.explore.columns import SampleTable
from audio_assets.explore.ledger import CheckpointEntry, checkpoint_slug
from audio_assets.home import Home
from audio_assets.models.card import CARD_FILE, read_card
from audio_assets.models.linear_probe.card import LinearProbeCard
from audio_assets.models.linear_probe.head import read_head

if TYPE_CHECKING:
    import fiftyone as fo

    from audio_assets.explore.vectors import Vectors


def add_score_columns(
    home: Home, dataset: fo.Dataset, table: SampleTable, entry: CheckpointEntry, vectors: Vectors
) -> None:
    """Add a column of scores, 0 to 1, per class where the checkpoint is a linear probe.

    The field is `score_<checkpoint>`, with the class behind it where there are several. Fields of
    classes that it does not have any more are deleted.

    Raises:
        CheckpointError: its card or head cannot be read.
    """
    directory = home.checkpoints / entry.name
    card = read_card(directory / CARD_FILE) if (directory / CARD_FILE).is_file() else None
    names: list[str] = []
    if isinstance(card, LinearProbeCard):
        names = score_fields(entry.slug, card.labels)
        scores = read_head(directory / card.weights).scores(vectors.rows)
        for name, column in zip(names, scores.T.tolist(), strict=True):
            values = [
                s if there else None for s, there in zip(column, vectors.present, strict=True)
            ]
            table.add(name, "float", values, always=True)
    for gone in set(entry.score_fields) - set(names):
        dataset.delete_sample_field(gone, error_level=2)
    entry.score_fields = names
    fields.declare(dataset, dict.fromkeys(names, "float"))


def score_fields(slug: str, labels: tuple[str, ...]) -> list[str]:
    """Field of each class of a classifier."""
    if len(labels) == 1:
        return [f"score_{slug}"]
    return [f"score_{slug}_{checkpoint_slug(label)}" for label in labels]
