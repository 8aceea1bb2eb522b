"""Data versions: what an asset body made, as a hash of what it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from audio_assets.orchestration.code_versions import code_versions as code_versions

UNKNOWN = "unknown"


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def table_digest(table: pa.Table) -> str:
    """SHA-256 of a table's schema and values; independent of how it is chunked."""
    sha = hashlib.sha256(str(table.schema.remove_metadata()).encode())
    sink = pa.BufferOutputStream()
    plain = table.replace_schema_metadata(None).combine_chunks()
    with pa.ipc.new_stream(sink, plain.schema) as writer:
        writer.write_table(plain)
    sha.update(sink.getvalue())
    return sha.hexdigest()


def data_version(context: dg.AssetExecutionContext, **content: Any) -> dg.DataVersion:
    """Version of what an asset body made: its code version and what the content depends on.

    It differs only when the output does, so that a re-run on equal inputs leaves everything
    downstream fresh.

    Args:
        context: of the asset body.
        **content: JSON-able facts that determine the output, such as input versions.
    """
    code = context.assets_def.code_versions_by_key[context.asset_key]
    return dg.DataVersion(digest({"code": code, **content})[:32])


def stored_version(instance: dg.DagsterInstance, asset: str, partition_key: str) -> str:
    """Data version of the latest materialization of a partition, or "unknown"."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[partition_key]), limit=1
    ).records
    if not records:
        return UNKNOWN
    materialization = records[0].asset_materialization
    tags: Mapping[str, str] = (materialization.tags or {}) if materialization else {}
    return tags.get("dagster/data_version", UNKNOWN)
