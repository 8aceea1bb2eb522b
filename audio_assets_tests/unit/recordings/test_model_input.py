import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_assets.recordings.model_input import fit, input_spans

positive = st.integers(1, 5000)


@given(positive, positive, positive, st.data())
def test_spans_lie_inside_the_recording_and_cover_the_window(frames, length, size, data):
    length = min(length, frames)
    start = data.draw(st.integers(0, frames - length))
    spans = input_spans(start, length, 100, frames, size, 100)
    assert all(s >= 0 and n > 0 and s + n <= frames for s, n in spans)
    if frames <= size:
        assert spans == [(0, frames)]
    else:
        assert all(n == size for _, n in spans)
    covered = {f for s, n in spans for f in range(s, s + n)}
    missed = set(range(start, start + length)) - covered
    assert len(missed) * 10 < size


def test_a_window_a_little_longer_than_the_input_is_one_span_from_its_start():
    assert input_spans(0, 220544, 44100, 220544, 110250, 22050) == [(0, 220500)]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ((0, 10), [(0, 10)]),
        ((0, 30), [(0, 10), (10, 10), (20, 10)]),
        ((5, 25), [(5, 10), (15, 10), (20, 10)]),
        ((50, 4), [(47, 10)]),
        ((0, 4), [(0, 10)]),
        ((96, 4), [(90, 10)]),
    ],
)
def test_spans_of_a_long_recording(window, expected):
    assert input_spans(*window, 10, 100, 10, 10) == expected


def test_a_padded_window_keeps_its_zeros_instead_of_sliding_back():
    assert input_spans(90, 6, 10, 96, 10, 10, padded_frames=4) == [(90, 6)]
    assert input_spans(90, 6, 10, 96, 10, 10) == [(86, 10)]


def test_other_rates_scale_the_span():
    assert input_spans(0, 96000, 96000, 960000, 22050, 22050) == [(0, 96000)]
    assert input_spans(0, 1, 1, 10, 22050 * 5, 22050) == [(0, 5)]


def test_fit_cuts_or_pads_at_the_end():
    sound = np.arange(3, dtype=np.float32)
    assert fit(sound, 2).tolist() == [0, 1]
    assert fit(sound, 5).tolist() == [0, 1, 2, 0, 0]
    assert fit(sound.astype(np.float64), 3).dtype == np.float32
