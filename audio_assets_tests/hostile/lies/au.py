"""Sun AU: six words."""

from __future__ import annotations

from audio_assets_tests.hostile.lies.field import Field, one_after_another


def fields(content: bytes) -> list[Field]:
    """The fields of an AU file."""
    little = content[:4] == b"dns."
    words = "magic:4 data_at:4 data_size:4 encoding:4 rate:4 channels:4 first_sample:4"
    return one_after_another(words, 0, little=little)
