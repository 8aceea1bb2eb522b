"""A recordings table says that it is one of radio: in its schema metadata, as the grid does."""

from __future__ import annotations

import pyarrow as pa

from audio_assets.radio.statement import RadioSettings

RADIO_KEY = b"radio"


def with_radio(recordings: pa.Table, stated: RadioSettings | None) -> pa.Table:
    """The table with what its folder says of IQ recordings; without where that is None."""
    metadata = dict(recordings.schema.metadata or {})
    metadata.pop(RADIO_KEY, None)
    if stated is not None:
        metadata[RADIO_KEY] = stated.model_dump_json(exclude_defaults=True).encode()
    return recordings.replace_schema_metadata(metadata)


def radio_of(recordings: pa.Table) -> RadioSettings | None:
    """What `with_radio` stored; None for a folder of sound."""
    text = (recordings.schema.metadata or {}).get(RADIO_KEY)
    return None if text is None else RadioSettings.model_validate_json(text)
