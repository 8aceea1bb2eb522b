"""What Dagster's records say about the outputs of a folder under a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from audio_assets.home import Home
from audio_assets.orchestration.instance import configured_instance
from audio_assets.orchestration.jobs import ALL_ASSETS, INGEST, REGISTER
from audio_assets.orchestration.partitions import Partition
from audio_assets.orchestration.versions import UNKNOWN


@dataclass(frozen=True)
class Materialization:
    """The last time that an output was made: its data version, and when in seconds since 1970."""

    asset: str
    data_version: str
    timestamp: float


def latest_materializations(home: Home, folder: str, checkpoint: str) -> list[Materialization]:
    """The latest materialization of each asset, upstream first; assets without one are left out.

    Args:
        home: whose records.
        folder: key.
        checkpoint: name.
    """
    pair = Partition(folder=folder, checkpoint=checkpoint)
    keys = dict.fromkeys(ALL_ASSETS, pair.key)
    keys |= dict.fromkeys(INGEST, folder) | dict.fromkeys(REGISTER, checkpoint)
    found: list[Materialization] = []
    with configured_instance(home) as instance:
        for asset, key in keys.items():
            wanted = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[key])
            records = instance.fetch_materializations(wanted, limit=1).records
            made = records[0].asset_materialization if records else None
            if made is not None:
                tags = made.tags or {}
                version = tags.get("dagster/data_version", UNKNOWN)
                found.append(Materialization(asset, version, records[0].timestamp))
    return found
