"""Event tables beside recordings: which belong to which, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_assets.loaders.events import Event, event_tables, read_events
from audio_assets.loaders.metadata_table import side_file_hashes
from audio_assets.recordings.listing import audio_keys

RAVEN = "Selection\tView\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"


def put(root: Path, **files: str) -> list[str]:
    """Write files ('__' stands for a dot, '___' for a slash); returns the recordings' paths."""
    for name, text in files.items():
        path = root / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [p.relative_to(root).as_posix() for p in root.rglob("*.wav")]


@pytest.mark.parametrize(
    "table",
    [
        "dawn__Table__1__selections__txt", "dawn__wav__Table01__txt", "dawn__txt",
        "dawn__BirdNET__selection__table__txt", "dawn_selections__txt",
    ],
)  # fmt: skip
def test_a_raven_table_belongs_to_the_recording_it_is_named_after(tmp_path, table):
    paths = put(tmp_path, dawn__wav="", dawn2__wav="",
                **{table: RAVEN + "1\tSpectrogram 1\t0.5\t1.5\t800\t1200\twren\n"})  # fmt: skip
    events, problems = read_events(tmp_path, paths)
    assert problems == []
    assert [(e.path, e.begin_s, e.end_s, e.low_hz, e.high_hz, e.label) for e in events] == [
        ("dawn.wav", 0.5, 1.5, 800.0, 1200.0, "wren")
    ]


def test_the_longest_name_wins_and_no_name_is_taken_in_part(tmp_path):
    row = "1\tSpectrogram 1\t0\t1\t\t\t\n"
    paths = put(tmp_path, a__wav="", a_b__wav="", a_b__selections__txt=RAVEN + row,
                ab__selections__txt=RAVEN + row)  # fmt: skip
    events, _ = read_events(tmp_path, paths)
    assert [e.path for e in events] == ["a_b.wav"]
    assert events[0].low_hz is None
    assert events[0].label is None


def test_rows_that_name_a_file_and_an_offset_go_by_them(tmp_path):
    text = (
        "Selection\tBegin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tScore\tLabel\n"
        "1\t65\t66.5\tb.wav\t5\t0.8\towl\n2\t1\t2\tnone.wav\t1\t0.8\towl\n"
    )
    paths = put(tmp_path, a__wav="", night___b__wav="", all__txt=text)
    events, problems = read_events(tmp_path, paths)
    assert events == [Event("night/b.wav", 5.0, 6.5, None, None, "owl", 0.8, "all.txt")]
    assert problems == ["all.txt, line 3: no recording here is named like the table or in Begin "
                        "File."]  # fmt: skip


def test_a_selection_counts_once_though_raven_writes_it_per_view(tmp_path):
    rows = "1\tWaveform 1\t0\t1\t10\t20\tx\n1\tSpectrogram 1\t0\t1\t10\t20\tx\n"
    paths = put(tmp_path, a__wav="", a__selections__txt=RAVEN + rows)
    assert len(read_events(tmp_path, paths)[0]) == 1


def test_audacity_labels_with_and_without_frequencies(tmp_path):
    text = "0.5\t1.5\tfrog\n\\\t200\t900\n2.0\t2.0\tpoint\n3.0\t4.0\t\nnonsense\n"
    paths = put(tmp_path, a__wav="", a__labels__txt=text)
    events, problems = read_events(tmp_path, paths)
    assert [(e.begin_s, e.end_s, e.low_hz, e.high_hz, e.label) for e in events] == [
        (0.5, 1.5, 200.0, 900.0, "frog"), (3.0, 4.0, None, None, None),
    ]  # fmt: skip
    assert problems == ["a.labels.txt, line 5: expected start, end and label, divided by tabs."]


@pytest.mark.parametrize("bad", ["x\t1", "1\t", "2\t1", "-1\t1", "nan\t1", "1\tinf"])
def test_a_line_that_cannot_be_used_is_named_and_the_others_count(tmp_path, bad):
    rows = f"1\tSpectrogram 1\t{bad}\t0\t0\tx\n2\tSpectrogram 1\t1\t2\t0\t0\ty\n"
    paths = put(tmp_path, a__wav="", a__selections__txt=RAVEN + rows)
    events, problems = read_events(tmp_path, paths)
    assert [e.label for e in events] == ["y"]
    assert len(problems) == 1
    assert "line 2" in problems[0]


def test_other_texts_are_no_event_tables(tmp_path):
    paths = put(tmp_path, a__wav="", a__txt="A robin, recorded at dawn\n", notes__txt="1\t2\tx\n",
                ___hidden__txt=RAVEN)  # fmt: skip
    assert event_tables(tmp_path, paths) == []
    assert read_events(tmp_path, []) == ([], [])


def test_a_table_behind_a_link_out_of_the_folder_is_not_read(tmp_path):
    outside = tmp_path / "secret.txt"
    outside.write_text(RAVEN + "1\tSpectrogram 1\t0\t1\t0\t0\tx\n")
    paths = put(tmp_path / "in", a__wav="")
    (tmp_path / "in" / "a.selections.txt").symlink_to(outside)
    assert read_events(tmp_path / "in", paths) == ([], [])


def test_an_event_keeps_its_id_and_another_has_another(tmp_path):
    one = Event("a.wav", 0.0, 1.0, None, None, "x", None, "a.txt")
    assert one.event_id == Event("a.wav", 0.0, 1.0, None, None, "x", None, "a.txt").event_id
    assert one.event_id != Event("a.wav", 0.0, 1.5, None, None, "x", None, "a.txt").event_id


def test_an_edited_table_changes_the_folders_version(tmp_path):
    put(tmp_path, a__wav="RIFF", a__selections__txt=RAVEN)
    before = side_file_hashes(tmp_path)
    assert list(before) == ["a.selections.txt"]
    put(tmp_path, a__selections__txt=RAVEN + "1\tSpectrogram 1\t0\t1\t0\t0\tx\n")
    assert side_file_hashes(tmp_path) != before


def test_the_calls_of_a_real_hydrophone_are_found(test_data):
    root = None if test_data is None else test_data / "hydrophone_10min"
    if root is None or not root.is_dir():
        pytest.skip("no real recordings (AUDIO_ASSETS_TEST_DATA)")
    events, problems = read_events(root, audio_keys(root))
    assert problems == []
    assert [(e.label, e.begin_s, e.low_hz) for e in events] == [
        ("baf", 161.79, 70.0), ("bat", 492.542, 70.0),
    ]  # fmt: skip
