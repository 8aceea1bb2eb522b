"""A run that meets trouble goes on or says why not; the next ends as if there had been none."""

import random

import pytest

from audio_assets_tests.faults.test_killed_runs import SEED
from audio_assets_tests.faults.troubled import troubled

HASTY = ("exchange", "new_weights", "unplug")
"""Of all troubles; `make faults` tries every one."""


@pytest.mark.slow
@pytest.mark.parametrize("name", HASTY)
def test_the_next_run_ends_as_one_that_never_had_trouble(harness, name):
    at = random.Random(f"{SEED} {name}").randrange(len(harness.moments))
    verdict = troubled(harness, name, at)
    assert (verdict.moment, verdict.faults) == (verdict.moment, [])
