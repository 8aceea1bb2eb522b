from datetime import UTC, datetime, timedelta

import pytest

from audio_assets.errors import UsageError
from audio_assets.recordings.times import start_time_of, start_time_reader


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


def test_the_names_of_real_folders(test_data):
    if test_data is None:
        pytest.skip("no real recordings")
    day = sorted(p.name for p in (test_data / "soundscape_24h").glob("*.flac"))
    times = [start_time_of(name, "America/Cayenne") for name in day]
    assert times[0] == datetime(2019, 5, 22, 3, tzinfo=UTC)
    assert times == [times[0] + timedelta(minutes=30 * i) for i in range(48)]
    sea = next((test_data / "hydrophone_10min").glob("*.wav")).name
    assert start_time_of(sea, "Europe/Berlin") == datetime(2015, 9, 10, tzinfo=UTC)
    song = [p.name for p in (test_data / "humpback_song").glob("*.ogg")]
    assert [start_time_of(name) for name in song] == [None, None]


@pytest.mark.parametrize(
    ("name", "tz", "utc"),
    [
        ("20191027_013000.wav", "Europe/Berlin", (2019, 10, 26, 23, 30)),
        ("20191027_023000.wav", "Europe/Berlin", (2019, 10, 27, 0, 30)),  # twice: the first
        ("20191027_033000.wav", "Europe/Berlin", (2019, 10, 27, 2, 30)),
        ("20190331_023000.wav", "Europe/Berlin", (2019, 3, 31, 1, 30)),  # never: by winter's offset
        ("20190331_033000.wav", "Europe/Berlin", (2019, 3, 31, 1, 30)),
        ("20191103_013000.wav", "America/New_York", (2019, 11, 3, 5, 30)),
        ("20190407_023000.wav", "Australia/Sydney", (2019, 4, 6, 15, 30)),
        ("20191027_023000.wav", "+01:00", (2019, 10, 27, 1, 30)),
    ],
)
def test_hours_that_happen_twice_or_never(name, tz, utc):
    assert start_time_of(name, tz) == datetime(*utc, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        (r"(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>\d{4}) (?P<hour>\d\d)h(?P<minute>\d\d)",
         "Fjord 22.05.2019 04h30.wav", (2019, 5, 22, 4, 30)),
        (r"_(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)_(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)",
         "H18D01_190522_003000.x.wav", (2019, 5, 22, 0, 30)),
        (r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)/(?P<hour>\d\d)(?P<minute>\d\d)",
         "site 4/2019-05-22/0430.flac", (2019, 5, 22, 4, 30)),
        (r"(?P<year>\d{4})(?P<day_of_year>\d{3})T(?P<hour>\d\d)", "2020366T23.wav",
         (2020, 12, 31, 23)),
        (r"^(?P<epoch>\d+)\.(?P<fraction>\d+)", "1558485000.25.wav",
         (2019, 5, 22, 0, 30, 0, 250_000)),
        (r"(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)", "x690101.wav", (1969, 1, 1)),
    ],
)  # fmt: skip
def test_a_folders_own_pattern(pattern, name, expected):
    assert start_time_of(name, pattern=pattern) == datetime(*expected, tzinfo=UTC)
    assert start_time_of("S4A03895_x.flac", pattern=pattern) is None


def test_a_folders_own_pattern_replaces_the_known_ones_and_keeps_the_zone():
    pattern = r"B(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)_(?P<hour>\d\d)(?P<offset>Z?)"
    assert start_time_of("A20190522_120000.wav", pattern=pattern) is None
    read = start_time_reader("+02:00", pattern)
    assert read("B20190522_12.wav") == datetime(2019, 5, 22, 10, tzinfo=UTC)
    assert read("B20190522_12Z.wav") == datetime(2019, 5, 22, 12, tzinfo=UTC)
    assert read("B20191345_12Z.wav") is None
    digits = r"(?P<year>\w{4})(?P<month>\w\w)(?P<day>\w\w)"
    assert start_time_of("abcdefgh.wav", pattern=digits) is None


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "not a regular expression"),
        (r"(?P<year>\d+)", "needs the named groups year, month and day"),
        (r"\d+", "found none"),
        (r"(?P<year>\d)(?P<month>\d)(?P<day>\d)(?P<huor>\d)", "unknown group 'huor'"),
        (r"(?P<year>\d)(?P<month>\d)(?P<day>\d)" * 2, "not a regular expression"),
    ],
)
def test_a_pattern_that_cannot_give_times_is_one_sentence(pattern, says):
    with pytest.raises(UsageError, match=says) as caught:
        start_time_reader("UTC", pattern)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "+25:00", "+01:75", "", "../etc/passwd", "\0"])
def test_zones_that_are_none(zone):
    with pytest.raises(UsageError, match="Time zone"):
        start_time_reader(zone)
