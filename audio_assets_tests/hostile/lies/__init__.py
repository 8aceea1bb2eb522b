"""Where the numbers of a file's header lie, per format, so that they can be made to lie."""

from __future__ import annotations

from collections.abc import Callable

from audio_assets_tests.hostile.lies import aiff, au, caf, flac, mp3, mp4, ogg, wave, wave64
from audio_assets_tests.hostile.lies.field import Field

FIELDS: dict[str, Callable[[bytes], list[Field]]] = {
    "wav": wave.fields,
    "rf64": wave.fields,
    "w64": wave64.fields,
    "aiff": aiff.fields,
    "au": au.fields,
    "caf": caf.fields,
    "flac": flac.fields,
    "ogg": ogg.fields,
    "opus": ogg.fields,
    "mp3": mp3.fields,
    "m4a": mp4.fields,
}
"""Format → the fields of one of its files."""

MENDED: dict[str, Callable[[bytes], bytes]] = {
    "ogg": ogg.with_checksums,
    "opus": ogg.with_checksums,
}
"""Formats whose checksums would give a lie away, and what sets them right again."""
