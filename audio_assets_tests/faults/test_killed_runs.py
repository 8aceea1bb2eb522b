"""A run that dies where something becomes durable loses nothing, and nothing is done twice."""

import os
import random

import pytest

TRIALS = int(os.environ.get("AUDIO_ASSETS_FAULT_TRIALS", "6"))
SEED = int(os.environ.get("AUDIO_ASSETS_FAULT_SEED", "51"))


def test_the_reference_run_has_moments_of_every_kind(harness):
    kinds = {moment["kind"] for moment in harness.moments}
    assert {"os.fsync", "os.replace", "dagster.store_event"} <= kinds
    assert any(kind.startswith("mongo.") for kind in kinds)


@pytest.mark.slow
def test_the_next_run_ends_as_an_undisturbed_one(harness):
    rng = random.Random(SEED)
    verdicts = [harness.trial(at=at, side=side) for at, side in harness.choose(TRIALS, rng)]
    assert [(v.moment, v.faults) for v in verdicts if v.faults] == []
    assert sum(v.killed for v in verdicts) > TRIALS / 2, "moments lie in the run"
