import pyarrow as pa

from audio_assets.recordings.short import SHORT, flag_short
from audio_assets.recordings.windows import WindowGrid, make_windows
from audio_assets.schemas import RECORDINGS

GRID = WindowGrid(window_s=2)


def table(*rows: tuple[int, str, str | None]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"recording_id": f"{i:064x}", "path": f"{i}.wav", "bytes": 1, "sample_rate": 100,
             "frames": frames, "status": status, "warning": warning}
            for i, (frames, status, warning) in enumerate(rows)
        ],
        schema=RECORDINGS,
    )  # fmt: skip


def test_a_short_recording_is_flagged_and_still_gives_its_padded_window():
    flagged = flag_short(table((150, "ok", None), (200, "ok", None)), GRID)
    assert flagged["warning"].to_pylist() == [
        "shorter than one window: 1.500 of 2 s, the rest is padding", None,
    ]  # fmt: skip
    assert make_windows(flagged, GRID)["padded_s"].to_pylist() == [0.5, 0.0]


def test_other_warnings_stay_and_a_flag_is_taken_back_under_a_shorter_grid():
    once = flag_short(table((150, "ok", "clipped: 1.0%")), GRID)
    assert flag_short(once, GRID)["warning"].to_pylist() == once["warning"].to_pylist()
    assert flag_short(once, WindowGrid(window_s=1))["warning"].to_pylist() == ["clipped: 1.0%"]


def test_failed_recordings_and_clip_folders_have_no_flag():
    rows = table((150, "failed", None), (150, "duplicate", None))
    assert [SHORT in (w or "") for w in flag_short(rows, GRID)["warning"].to_pylist()] == [
        False, True,
    ]  # fmt: skip
    clip = WindowGrid(policy="clip", window_s=2)
    assert flag_short(rows, clip)["warning"].to_pylist() == [None, None]
