"""Digests that data versions are made of."""

from __future__ import annotations

import pyarrow as pa

from audio_assets.orchestration.versions import digest, table_digest


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2, 3]}) == digest({"b": [2, 3], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_a_table_digest_does_not_depend_on_chunks_but_on_values_order_and_types() -> None:
    table = pa.table({"a": [1, 2, 3]})
    chunked = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert table_digest(table) == table_digest(chunked)
    assert table_digest(table) != table_digest(pa.table({"a": [1, 3, 2]}))
    assert table_digest(table) != table_digest(pa.table({"b": [1, 2, 3]}))
    assert table_digest(table) != table_digest(table.cast(pa.schema([("a", pa.int32())])))


def test_a_table_digest_sees_through_slices() -> None:
    table = pa.table({"a": ["x", "y", None]})
    assert table_digest(table.slice(1)) == table_digest(pa.table({"a": ["y", None]}))
