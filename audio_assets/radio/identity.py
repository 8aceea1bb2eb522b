"""Which recording this is: the bytes, and how they are read as samples.

The same bytes as unsigned and as signed numbers, or of another channel, are other samples: they are
another recording with windows, vectors and pictures of its own, and nothing of the one is ever
taken for the other. How a file is read is told by the column `subtype`, so that a change is seen
without reading the samples again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from audio_assets.radio.layout import IqLayout
from audio_assets.radio.statement import RadioSettings

PAIRS = "I and Q"


def reading_of(layout: IqLayout, stated: RadioSettings | None) -> str:
    """How a radio recording is read, e.g. `cu8` or `ci16_le, from byte 16, channel 1`."""
    header = layout.metadata.header_bytes if layout.metadata is not None else 0
    return ", ".join(
        [layout.datatype.name, *([f"from byte {header}"] if header else []), *_channel(stated)]
    )


def identity_of(digest: str, layout: IqLayout, stated: RadioSettings | None) -> str:
    """The id of a radio recording.

    Args:
        digest: SHA-256 of its file, hex.
        layout: where its samples lie.
        stated: what its folder says.

    Returns:
        64 hex digits.
    """
    return _mixed(digest, reading_of(layout, stated), layout.channels, layout.sample_rate)


def reading_of_sound(subtype: str, channels: int, stated: RadioSettings | None) -> str:
    """How a sound file in a folder of radio is read; `subtype` alone in a folder of sound."""
    if stated is None:
        return subtype
    pairs = [PAIRS] if stated.wav_iq and channels % 2 == 0 else []
    return ", ".join([subtype, *pairs, *_channel(stated)])


def identity_of_sound(digest: str, subtype: str, channels: int, reading: str) -> str:
    """The id of a sound file: that of its bytes, unless it is read in a way of its own."""
    return digest if reading == subtype else _mixed(digest, reading, channels)


def sound_reading_changed(row: Mapping[str, Any], stated: RadioSettings | None) -> bool:
    """Whether a row of the RECORDINGS schema is of a sound file that is read otherwise now."""
    if row["subtype"] is None or row["channels"] is None:
        return False
    subtype = str(row["subtype"]).partition(", ")[0]
    return row["subtype"] != reading_of_sound(subtype, row["channels"], stated)


def _channel(stated: RadioSettings | None) -> list[str]:
    return [] if stated is None or stated.channel is None else [f"channel {stated.channel}"]


def _mixed(digest: str, *reading: Any) -> str:
    return hashlib.sha256("\n".join([digest, *map(str, reading)]).encode()).hexdigest()
