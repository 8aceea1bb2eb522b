"""Dagster's stale status, wrapped because it is private API; pinned with dagster's version.

Staleness looks at direct parents only: after a wave has run, ask again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContext

FRESH, STALE, MISSING = "fresh", "stale", "missing"
_NAMES = {StaleStatus.FRESH: FRESH, StaleStatus.STALE: STALE, StaleStatus.MISSING: MISSING}


@dataclass(frozen=True)
class Staleness:
    """State of one partition of one asset.

    Attributes:
        status: "fresh", "stale" or "missing".
        why: what made it stale, for people; empty when fresh.
    """

    status: str
    why: str = ""


class _OneQuery(LoadingContext):
    """The scope in which Dagster batches and caches its look-ups."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._loaders: dict[type, Any] = {}

    @property
    def instance(self) -> dg.DagsterInstance:
        return self._instance

    @property
    def loaders(self) -> dict[type, Any]:
        return self._loaders


def staleness(
    instance: dg.DagsterInstance,
    definitions: dg.Definitions,
    partitions: Iterable[tuple[str, str]],
) -> dict[tuple[str, str], Staleness]:
    """State of each (asset, partition key); one consistent query."""
    resolver = CachingStaleStatusResolver(
        instance, definitions.resolve_asset_graph(), _OneQuery(instance)
    )
    return {(asset, key): _one(resolver, asset, key) for asset, key in partitions}


def _one(resolver: CachingStaleStatusResolver, asset: str, key: str) -> Staleness:
    asset_key = dg.AssetKey(asset)
    status = _NAMES[resolver.get_status(asset_key, key)]
    if status == FRESH:
        return Staleness(FRESH)
    if status == MISSING:
        return Staleness(MISSING, "never computed")
    causes = resolver.get_stale_causes(asset_key, key)
    return Staleness(STALE, "; ".join(dict.fromkeys(_explain(c) for c in causes)))


def _explain(cause: Any) -> str:
    source = cause.dependency.asset_key.to_user_string() if cause.dependency else None
    return f"{cause.reason} ({source})" if source else str(cause.reason)
