from datetime import UTC, datetime

import pytest

from audio_assets.errors import UsageError
from audio_assets.recordings.times import start_time_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("S4A03895_20190522_003000.flac", (2019, 5, 22, 0, 30)),
        ("a/b/S4A03895_20190522_003000.flac", (2019, 5, 22, 0, 30)),
        ("20190522_003000.WAV", (2019, 5, 22, 0, 30)),
        ("24F319046037B0DB_20190522_003000T.WAV", (2019, 5, 22, 0, 30)),
        ("5CE49708.WAV", (2019, 5, 22, 0, 25, 44)),
        ("MARS-20150910T000000Z-2kHz.wav", (2015, 9, 10)),
        ("805322794.190522003000.wav", (2019, 5, 22, 0, 30)),
        ("SITE-1_0+1_20190522_003000.wav", (2019, 5, 22, 0, 30)),
        ("SM4_20190522$003000.wav", (2019, 5, 22, 0, 30)),
        ("2019-05-22T00:30:00Z.wav", (2019, 5, 22, 0, 30)),
        ("2019-05-22T02-30-00+02:00.wav", (2019, 5, 22, 0, 30)),
        ("rec 2019-05-22 00.30.00.flac", (2019, 5, 22, 0, 30)),
        ("20190522T003000.250Z_x.wav", (2019, 5, 22, 0, 30, 0, 250_000)),
        ("20190522T023000+0200.wav", (2019, 5, 22, 0, 30)),
    ],
)
def test_start_times_of_recorders(name, expected):
    assert start_time_of(name) == datetime(*expected, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    ["dog.wav", "1-100032-A-0.wav", "20191345_003000.wav", "20190522_256000.wav", "20190522.wav",
     "deadbeef.wav", "DEADBEEF.wav", "00000001.WAV", "99999999.wav", "", ".wav",
     "123456789012345678901234567890.wav"],
)  # fmt: skip
def test_names_without_a_time_have_none(name):
    assert start_time_of(name) is None


def test_the_folders_time_zone_applies_where_the_name_has_no_offset():
    local = start_time_of("A_20190722_120000.wav", "Europe/Berlin")
    assert local == datetime(2019, 7, 22, 10, tzinfo=UTC)
    assert start_time_of("20190722T120000Z.wav", "Europe/Berlin").hour == 12
    assert start_time_of("A_20190722_120000.wav", "-08:00").hour == 20
    assert start_time_of("5CE49708.WAV", "-08:00").hour == 0


def test_an_unknown_zone_is_a_usage_error():
    with pytest.raises(UsageError, match="Europe/Berlin"):
        start_time_of("x.wav", "Mars/Olympus")
