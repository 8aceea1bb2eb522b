"""Hostile sound files of every format are processed or named, within bounds, and nothing else."""

import os

import pytest

from audio_assets_tests.hostile.corpus import cases
from audio_assets_tests.hostile.originals import FORMATS, has_av
from audio_assets_tests.hostile.tallying import try_all

CASES = int(os.environ.get("AUDIO_ASSETS_HOSTILE_CASES", "16"))
SEED = int(os.environ.get("AUDIO_ASSETS_HOSTILE_SEED", "51"))


@pytest.mark.slow
@pytest.mark.parametrize("format_name", FORMATS)
def test_each_is_processed_or_named_with_a_reason(trier, real_clips, format_name):
    if format_name in ("m4a", "aac") and not has_av():
        pytest.skip("no FFmpeg to make them with")
    tally = try_all(cases(format_name, CASES, SEED, real_clips), trier)
    assert tally.faults == []
    assert tally.taken + tally.refused + tally.left_out >= tally.cases == CASES
    assert tally.refused > 0


@pytest.mark.parametrize("format_name", [f for f in FORMATS if f not in ("m4a", "aac")])
def test_a_case_is_always_the_same(real_clips, format_name):
    one, other = (list(cases(format_name, 8, 3, real_clips)) for _ in range(2))
    assert [case.what for case in one] == [case.what for case in other]
    assert one == other
    assert len({case.content for case in one}) == 8
