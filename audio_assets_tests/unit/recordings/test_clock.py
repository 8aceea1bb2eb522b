from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_assets.errors import UsageError
from audio_assets.recordings.clock import (
    NO_CORRECTION,
    ClockCorrection,
    clock_correction,
    clock_of,
    window_start_times,
    with_clock,
)
from audio_assets.recordings.scan import scan_folder
from audio_assets.schemas import RECORDINGS
from audio_assets.schemas import UTC as UTC_TYPE

from .sound_files import write

NOON = datetime(2019, 5, 22, 12, tzinfo=UTC)


def test_an_offset_is_what_the_clock_was_ahead():
    assert ClockCorrection(offset_s=90).correct(NOON) == NOON - timedelta(seconds=90)
    assert ClockCorrection(offset_s=-0.5).correct(NOON) == NOON + timedelta(seconds=0.5)
    assert NO_CORRECTION.correct(NOON) == NOON
    assert NO_CORRECTION.correct(None) is None


def test_a_drift_counts_from_its_reference_in_both_directions():
    clock = ClockCorrection(offset_s=10, drift_s_per_day=2, reference=NOON)
    assert clock.correct(NOON) == NOON - timedelta(seconds=10)
    later = NOON + timedelta(days=3)
    assert clock.correct(later) == later - timedelta(seconds=16)
    earlier = NOON - timedelta(days=1)
    assert clock.correct(earlier) == earlier - timedelta(seconds=8)


def test_ppm_and_seconds_per_day_are_the_same_drift():
    ppm = ClockCorrection(drift_ppm=1e6 / 86400, reference=NOON)
    daily = ClockCorrection(drift_s_per_day=1, reference=NOON)
    assert ppm.rate == pytest.approx(daily.rate)
    assert ppm.correct(NOON + timedelta(days=1)) == daily.correct(NOON + timedelta(days=1))


def test_a_time_outside_every_calendar_is_unknown():
    assert ClockCorrection(offset_s=6e9).correct(datetime(100, 1, 1, tzinfo=UTC)) is None


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(-50, 50), st.integers(0, 86400), st.floats(0, 86400))
def test_a_window_begins_where_the_clock_at_its_start_says(offset, drift, at, start_s):
    """Correcting (start + start_s) by the clock, and correcting the start and going on, agree."""
    clock = ClockCorrection(offset_s=offset, drift_s_per_day=drift, reference=NOON)
    recorded = NOON + timedelta(seconds=at)
    starts = pa.array([clock.correct(recorded)], UTC_TYPE)
    found = window_start_times(starts, np.array([start_s]), clock)[0].as_py()
    expected = clock.correct(recorded + timedelta(seconds=start_s))
    assert abs((found - expected).total_seconds()) < 5e-6


def test_windows_of_a_recording_without_a_time_have_none():
    starts = pa.array([None, NOON], UTC_TYPE)
    found = window_start_times(starts, np.array([5.0, 5.0]), NO_CORRECTION)
    assert found.to_pylist() == [None, NOON + timedelta(seconds=5)]


def test_a_correction_survives_json_and_schema_metadata():
    clock = ClockCorrection(offset_s=1.5, drift_ppm=-3, reference=NOON)
    assert clock_of(with_clock(RECORDINGS.empty_table(), clock)) == clock
    assert clock_of(RECORDINGS.empty_table()) == NO_CORRECTION


def test_the_words_of_the_command_line():
    assert clock_correction() is None
    assert clock_correction(0.0) == NO_CORRECTION
    daily = clock_correction(2, "1.5 s/day", "2019-05-22T14:00+02:00")
    assert daily == ClockCorrection(offset_s=2, drift_s_per_day=1.5, reference=NOON)
    ppm = clock_correction(None, "-17ppm", "2019-05-22T12:00:00Z")
    assert ppm == ClockCorrection(drift_ppm=-17, reference=NOON)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((1.0, "3", "2019-05-22T12:00Z"), "unit"),
        ((1.0, "3 ppm", None), "reference"),
        ((1.0, "3 ppm", "2019-05-22T12:00"), "offset from UTC"),
        ((1.0, None, "yesterday"), "datetime"),
        ((1.0, "2e5 ppm", "2019-05-22T12:00Z"), "no clock"),
        ((1.0, "1.2.3 ppm", "2019-05-22T12:00Z"), "number"),
        ((float("nan"), None, None), "finite"),
        ((1e11, None, None), "less than"),
    ],
)
def test_a_correction_that_cannot_be_used_is_one_sentence(given, says):
    with pytest.raises(UsageError, match=says) as caught:
        clock_correction(*given)
    assert "\n" not in str(caught.value)


def test_the_scan_keeps_what_the_recorder_said_and_what_was_true(tmp_path):
    write(tmp_path / "S_20190522_120000.wav")
    write(tmp_path / "dog.wav")
    clock = ClockCorrection(offset_s=30)
    scanned = scan_folder(tmp_path, clock=clock)
    again = scan_folder(tmp_path, previous=scanned, clock=ClockCorrection(offset_s=60))
    assert scanned["recorder_time"].to_pylist() == [NOON, None]
    assert scanned["start_time"].to_pylist() == [NOON - timedelta(seconds=30), None]
    assert again["start_time"].to_pylist() == [NOON - timedelta(seconds=60), None]
    assert clock_of(scanned) == clock
