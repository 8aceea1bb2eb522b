import re
from datetime import UTC, datetime

import pytest

from audio_assets.recordings.doubtful_times import doubt_of, with_doubt
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.times import start_time_reader

from .sound_files import write


@pytest.mark.parametrize(
    ("name", "zone", "said"),
    [
        ("20191027_023000.wav", "Europe/Berlin", "twice .* read as the first, 00:30Z"),
        ("20190331_023000.wav", "Europe/Berlin", "never had .* read as 01:30Z"),
        ("20190407_023000.wav", "Australia/Sydney", "twice .* 15:30Z"),
    ],
)
def test_an_hour_that_was_twice_or_never_is_said(name, zone, said):
    assert re.search(said, doubt_of(start_time_reader(zone)(name)) or "")


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("20191027_013000.wav", "Europe/Berlin"),
        ("20191027_023000.wav", "+01:00"),
        ("20191027_023000Z.wav", "Europe/Berlin"),
        ("2019-10-27T02:30:00+02:00.wav", "Europe/Berlin"),
        ("5DB4F9A8.WAV", "Europe/Berlin"),
        ("song.wav", "Europe/Berlin"),
    ],
)
def test_other_times_are_certain(name, zone):
    assert doubt_of(start_time_reader(zone)(name)) is None


def test_a_doubt_is_renewed_with_the_zone_and_leaves_other_warnings():
    moment = start_time_reader("Europe/Berlin")("20191027_023000.wav")
    warning = with_doubt("it is silent", moment)
    assert warning is not None
    assert warning.startswith("it is silent; its name says 2019-10-27 02:30")
    assert with_doubt(warning, moment) == warning
    assert with_doubt(warning, datetime(2019, 10, 27, tzinfo=UTC)) == "it is silent"
    assert with_doubt(with_doubt(None, moment), None) is None


def test_a_scan_flags_the_files_and_forgets_when_the_zone_changes(tmp_path):
    for name in ("20191027_023000.wav", "20191027_043000.wav"):
        write(tmp_path / name)
    berlin = scan_folder(tmp_path, start_time=start_time_reader("Europe/Berlin"))
    twice, certain = berlin["warning"].to_pylist()
    assert "clocks had twice" in twice
    assert certain is None
    assert berlin["start_time"].to_pylist()[0] == datetime(2019, 10, 27, 0, 30, tzinfo=UTC)
    fixed = scan_folder(tmp_path, previous=berlin, start_time=start_time_reader("+01:00"))
    assert fixed["warning"].to_pylist() == [None, None]
