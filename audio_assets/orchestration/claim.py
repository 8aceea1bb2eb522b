"""What every asset body does first: name its process on the run, and take its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from audio_assets.errors import AwayError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.orchestration.locks import exclusive
from audio_assets.orchestration.partitions import Partition, partition_of
from audio_assets.orchestration.processes import PID_TAG, process_tags
from audio_assets.orchestration.step_end import end_when_told


@contextmanager
def claim(context: dg.AssetExecutionContext, home: Home) -> Iterator[Partition]:
    """Hold the current partition's folder (or checkpoint) while an asset body works on it.

    A folder that was away meanwhile is noted, so that the next scan of it is news: the folder
    sensor asks for one, and what failed or lacks something is computed again.

    Yields:
        The partition that the body works on.
    """
    partition = partition_of(context.assets_def.partitions_def, str(context.partition_key))
    end_when_told()
    if PID_TAG not in context.run.tags:
        context.instance.add_run_tags(context.run.run_id, process_tags(with_parent=True))
    if partition.folder is not None:
        lock = exclusive(home, "folder", partition.folder)
    else:
        lock = exclusive(home, "checkpoint", str(partition.checkpoint))
    with lock:
        try:
            yield partition
        except AwayError:
            if partition.folder is not None:
                FolderRegistry(home).mark_interrupted(partition.folder)
            raise
