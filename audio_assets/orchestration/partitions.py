"""The two dynamic partition dimensions, audio folders and checkpoints, and their product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dagster as dg

FOLDERS = dg.DynamicPartitionsDefinition(name="audio_folders")
CHECKPOINTS = dg.DynamicPartitionsDefinition(name="checkpoints")
PAIRS = dg.MultiPartitionsDefinition({"checkpoint": CHECKPOINTS, "folder": FOLDERS})


@dataclass(frozen=True)
class Partition:
    """What one asset body works on: a folder, a checkpoint, or a pair of both."""

    folder: str | None = None
    checkpoint: str | None = None

    @property
    def key(self) -> str:
        """The partition key as Dagster writes it; dimensions of a pair are sorted by name."""
        return "|".join(part for part in (self.checkpoint, self.folder) if part is not None)

    def __str__(self) -> str:
        return " with ".join(part for part in (self.folder, self.checkpoint) if part is not None)


def pair_key(checkpoint: str, folder: str) -> dg.MultiPartitionKey:
    """The key of a pair, in the form that requests take."""
    return dg.MultiPartitionKey({"checkpoint": checkpoint, "folder": folder})


def partition_of(definition: dg.PartitionsDefinition | None, key: str) -> Partition:
    """Read a partition key according to the definition it belongs to.

    Args:
        definition: one of `FOLDERS`, `CHECKPOINTS` and `PAIRS`.
        key: a key of it; `checkpoint|folder` for a pair.

    Raises:
        ValueError: for any other definition, which would be a mistake of this package.
    """
    if definition == FOLDERS:
        return Partition(folder=key)
    if definition == CHECKPOINTS:
        return Partition(checkpoint=key)
    if definition == PAIRS:
        checkpoint, _, folder = key.partition("|")
        return Partition(folder=folder, checkpoint=checkpoint)
    raise ValueError(f"{definition} is not a partition definition of this project")


def current_partition(context: Any) -> Partition:
    """The partition that an asset body or an asset check is running for."""
    definition = context.assets_def.partitions_def if hasattr(context, "assets_def") else None
    return partition_of(definition, str(context.partition_key))
