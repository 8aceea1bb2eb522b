"""What this package wrote into a data set, kept in the data set's own `info`.

It tells our fields from a person's, maps each checkpoint to its fields and brain runs, and says
which vectors are already there, so that an unchanged input writes nothing.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from pydantic import BaseModel, Field

KEY = "audio_assets"


class CheckpointEntry(BaseModel):
    """Fields and runs of one checkpoint."""

    name: str
    slug: str
    vector_field: str
    cluster_field: str
    signature: str | None = None
    vectors_hash: str | None = None  # None while vectors are being written
    runs: dict[str, str] = Field(default_factory=dict)  # sim | umap | tsne → brain key
    score_fields: list[str] = Field(default_factory=list)  # of a classifier, one per class

    @property
    def outlier_field(self) -> str:
        """Field of the outlier scores."""
        return f"outlier_score_{self.slug}"

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field of this checkpoint but those of brain runs."""
        return self.vector_field, self.cluster_field, self.outlier_field, *self.score_fields


class Ledger(BaseModel):
    """The record of one data set."""

    folder: str
    fields: dict[str, str] = Field(default_factory=dict)  # field → kind
    checkpoints: list[CheckpointEntry] = Field(default_factory=list)
    player: bool = False  # whether grid and sample view were set to the player, once
    labelled: bool = True  # whether any sample had a label when last written

    def entry(self, checkpoint: str, embedding_field: str) -> CheckpointEntry:
        """The entry of a checkpoint, new if need be: the first one gets the plain field name."""
        for entry in self.checkpoints:
            if entry.name == checkpoint:
                return entry
        slug = checkpoint_slug(checkpoint)
        if any(e.slug == slug for e in self.checkpoints):
            slug = f"{slug}_{hashlib.sha256(checkpoint.encode()).hexdigest()[:4]}"
        first = not any(e.vector_field == embedding_field for e in self.checkpoints)
        entry = CheckpointEntry(
            name=checkpoint,
            slug=slug,
            vector_field=embedding_field if first else f"{embedding_field}_{slug}",
            cluster_field=f"cluster_{slug}",
        )
        self.checkpoints.append(entry)
        return entry

    def find(self, checkpoint: str | None) -> CheckpointEntry | None:
        """The entry of a checkpoint, or of the first one when None is named."""
        return next((e for e in self.checkpoints if checkpoint in (None, e.name)), None)

    def owns(self, field: str) -> bool:
        """Whether this package made the field."""
        of_checkpoints = {f for e in self.checkpoints for f in e.fields}
        points = {key for e in self.checkpoints for key in e.runs.values()}
        return field in self.fields or field in of_checkpoints or field in points


def checkpoint_slug(name: str) -> str:
    """A checkpoint's name as part of a field name or brain key."""
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_") or "checkpoint"


def load_ledger(dataset: Any) -> Ledger | None:
    """The record in a data set; None when this package did not make it."""
    value = (dataset.info or {}).get(KEY)
    return None if value is None else Ledger.model_validate(value)


def save_ledger(dataset: Any, ledger: Ledger) -> None:
    """Store the record if it changed."""
    value = ledger.model_dump()
    if dataset.info.get(KEY) != value:
        dataset.info[KEY] = value
        dataset.save()
