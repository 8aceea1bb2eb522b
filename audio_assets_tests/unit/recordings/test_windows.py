import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_assets.errors import StorageError
from audio_assets.recordings.windows import WindowGrid, grid_of, make_windows, with_grid
from audio_assets.schemas import RECORDINGS, WINDOWS

TAILS = ("overlap_back", "pad", "drop")


def table(*recordings: tuple[int, int], status: str = "ok") -> pa.Table:
    """Recordings of (frames, rate), in reverse order of their paths."""
    rows = [
        {"recording_id": f"{i:064x}", "path": f"{i:03d}.wav", "bytes": 1, "sample_rate": rate,
         "frames": frames, "status": status}
        for i, (frames, rate) in enumerate(recordings)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows[::-1], schema=RECORDINGS)


def spans(frames: int, rate: int, grid: WindowGrid) -> list[tuple[int, int]]:
    windows = make_windows(table((frames, rate)), grid)
    return list(zip(windows["start_frame"].to_pylist(), windows["frames"].to_pylist(), strict=True))


grids = st.builds(
    lambda w, h, t: WindowGrid(policy="sliding", window_s=w, hop_s=h, tail=t),
    st.floats(0.01, 20), st.floats(0.01, 20), st.sampled_from(TAILS),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(grids, st.integers(1, 30_000), st.sampled_from([1, 7, 100, 999]))
def test_windows_are_half_open_spans_inside_the_recording(grid, frames, rate):
    windows = make_windows(table((frames, rate)), grid)
    start, length = windows["start_frame"].to_numpy(), windows["frames"].to_numpy()
    window = max(1, round(grid.window_s * rate))
    assert windows.schema.equals(WINDOWS)
    assert len(start) >= 1
    assert (np.diff(start) > 0).all()
    assert (start >= 0).all()
    assert (length > 0).all()
    assert (start + length <= frames).all()
    padded = np.rint(windows["padded_s"].to_numpy() * rate)
    assert (length + padded == window).all()
    np.testing.assert_allclose(windows["end_s"].to_numpy(), (start + length) / rate)
    assert len(set(windows["window_id"].to_pylist())) == len(start)


@settings(max_examples=300, deadline=None)
@given(grids, st.integers(1, 30_000), st.sampled_from([1, 7, 100, 999]))
def test_a_rest_shorter_than_a_tenth_opens_no_window_and_a_longer_one_does(grid, frames, rate):
    found = spans(frames, rate, grid)
    window, hop = max(1, round(grid.window_s * rate)), max(1, round(grid.hop_s * rate))
    end = max(start + length for start, length in found)
    if frames < window:
        assert found == [(0, frames)]
    elif grid.tail == "drop":
        assert all(length == window for _, length in found)
        assert found[-1][0] + hop + window > frames
    elif end < frames:
        rest = frames - max(end, len(found) * hop)
        assert rest <= 0 or rest * 10 < window
    if frames >= window and grid.tail == "overlap_back":
        assert all(length == window for _, length in found)


@pytest.mark.parametrize("tail", TAILS)
def test_a_recording_shorter_than_a_window_gives_one_padded_window(tail):
    grid = WindowGrid(window_s=1, tail=tail)
    windows = make_windows(table((10, 100)), grid).to_pylist()
    assert [(w["start_frame"], w["frames"], w["padded_s"]) for w in windows] == [(0, 10, 0.9)]


@pytest.mark.parametrize(
    ("frames", "tail", "expected"),
    [
        (250, "overlap_back", [(0, 100), (100, 100), (150, 100)]),
        (250, "pad", [(0, 100), (100, 100), (200, 50)]),
        (250, "drop", [(0, 100), (100, 100)]),
        (209, "overlap_back", [(0, 100), (100, 100)]),
        (209, "pad", [(0, 100), (100, 100)]),
        (210, "overlap_back", [(0, 100), (100, 100), (110, 100)]),
        (210, "pad", [(0, 100), (100, 100), (200, 10)]),
        (200, "overlap_back", [(0, 100), (100, 100)]),
    ],
)
def test_tail_policies(frames, tail, expected):
    assert spans(frames, 100, WindowGrid(window_s=1, tail=tail)) == expected


def test_hop_may_be_shorter_or_longer_than_the_window():
    assert spans(250, 100, WindowGrid(window_s=1, hop_s=0.5)) == [
        (0, 100), (50, 100), (100, 100), (150, 100),
    ]  # fmt: skip
    assert spans(500, 100, WindowGrid(window_s=1, hop_s=2)) == [(0, 100), (200, 100), (400, 100)]
    assert spans(480, 100, WindowGrid(window_s=1, hop_s=2)) == [(0, 100), (200, 100), (380, 100)]
    assert spans(380, 100, WindowGrid(window_s=1, hop_s=2)) == [(0, 100), (200, 100)]


def test_clip_policy_gives_each_recording_one_window_as_long_as_it():
    windows = make_windows(
        table((220544, 44100), (10, 44100)), WindowGrid(policy="clip", window_s=5)
    )
    assert windows["frames"].to_pylist() == [220544, 10]
    assert windows["window_id"].to_pylist()[0] == "0" * 16 + "@0+220544"
    assert windows["padded_s"].to_pylist() == [0, 0]


def test_windows_are_sorted_by_path_and_only_of_recordings_that_are_ok():
    grid = WindowGrid(window_s=1)
    assert make_windows(table((200, 100), (300, 100)), grid)["path"].to_pylist() == [
        "000.wav", "000.wav", "001.wav", "001.wav", "001.wav",
    ]  # fmt: skip
    for status in ("failed", "duplicate"):
        assert make_windows(table((200, 100), status=status), grid).num_rows == 0
    assert make_windows(RECORDINGS.empty_table(), grid).schema.equals(WINDOWS)


def test_one_hertz_and_windows_shorter_than_a_frame_work():
    assert spans(3, 1, WindowGrid(window_s=0.1)) == [(0, 1), (1, 1), (2, 1)]


def test_a_million_windows_take_seconds():
    recordings = table(*[(48000 * 3600, 48000)] * 800)
    began = time.monotonic()
    windows = make_windows(recordings, WindowGrid(window_s=3))
    assert windows.num_rows == 960_000
    assert time.monotonic() - began < 30


@given(grids)
def test_a_grid_survives_json_and_schema_metadata(grid):
    assert WindowGrid.from_json(grid.to_json()) == grid
    assert grid_of(with_grid(table((1, 1)), grid)) == grid


def test_the_hop_is_the_window_when_none_is_given():
    assert WindowGrid(window_s=3).hop_s == 3


@pytest.mark.parametrize(
    "bad",
    [
        {"window_s": 0},
        {"window_s": 1, "hop_s": -1},
        {"window_s": float("inf")},
        {"window_s": 1, "tail": "x"},
    ],
)
def test_impossible_grids_are_refused(bad):
    with pytest.raises(ValueError, match="validation error"):
        WindowGrid.model_validate(bad)


def test_a_table_without_a_grid_says_what_to_do():
    with pytest.raises(StorageError, match="materialize raw_audio"):
        grid_of(table((1, 1)))
