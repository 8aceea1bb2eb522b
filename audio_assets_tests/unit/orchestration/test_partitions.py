"""Partition keys of folders, checkpoints and pairs."""

from __future__ import annotations

import dagster as dg
import pytest

from audio_assets.orchestration.partitions import (
    CHECKPOINTS,
    FOLDERS,
    PAIRS,
    Partition,
    pair_key,
    partition_of,
)


def test_a_pair_is_written_checkpoint_first() -> None:
    assert str(pair_key("c1", "reef")) == "c1|reef"
    assert Partition(folder="reef", checkpoint="c1").key == "c1|reef"


@pytest.mark.parametrize(
    ("definition", "key", "partition"),
    [
        (FOLDERS, "reef", Partition(folder="reef")),
        (CHECKPOINTS, "c1", Partition(checkpoint="c1")),
        (PAIRS, "c1|reef", Partition(folder="reef", checkpoint="c1")),
    ],
)
def test_a_key_is_read_by_its_definition(
    definition: dg.PartitionsDefinition, key: str, partition: Partition
) -> None:
    assert partition_of(definition, key) == partition
    assert partition.key == key


def test_another_definition_is_refused() -> None:
    with pytest.raises(ValueError, match="not a partition definition"):
        partition_of(None, "reef")
