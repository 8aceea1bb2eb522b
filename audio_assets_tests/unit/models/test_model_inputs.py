"""Waveforms of any length become inputs that cover them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_assets.models.model_inputs import cut_inputs, input_starts, resample


@given(st.integers(1, 500), st.integers(0, 5000))
def test_inputs_cover_all_but_a_short_rest(length: int, more: int) -> None:
    samples = length + more
    starts = input_starts(samples, length)
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    assert all(0 <= start <= samples - length for start in starts)
    assert all(later - earlier <= length for earlier, later in pairwise(starts))
    assert samples - (starts[-1] + length) < 0.1 * length


@pytest.mark.parametrize(
    ("samples", "starts"), [(100, [0]), (109, [0]), (110, [0, 10]), (250, [0, 100, 150])]
)
def test_a_rest_of_a_tenth_opens_an_input_that_overlaps_back(
    samples: int, starts: list[int]
) -> None:
    assert input_starts(samples, 100) == starts


def test_a_short_waveform_is_padded_on_the_right() -> None:
    pieces = cut_inputs(np.ones((2, 3), dtype=np.float32), 5)
    assert pieces.tolist() == [[[1, 1, 1, 0, 0]]] * 2


def test_resampling_does_not_depend_on_the_batch() -> None:
    sounds = np.random.default_rng(0).standard_normal((3, 4410)).astype(np.float32)
    together = resample(sounds, 44100, 22050)
    assert together.shape == (3, 2205)
    assert np.array_equal(together[1:2], resample(sounds[1:2], 44100, 22050))
    assert resample(sounds, 8000, 8000) is sounds
