"""Every file of the real `bad_files` folder, against what its README says should become of it."""

import pytest

from audio_assets.recordings.scan import scan_folder

EMBEDDED = {
    "ok_reference.wav": None,
    "mp3_inside.wav": "format differs from name: .wav holds MP3",
    "silent.wav": "silent: every sample is zero",
    "eight_channels_96k_24bit.wav": None,
    "dc_offset_clipped.wav": "clipped: 65.0% of the samples are at full scale; "
    "shifted zero line: the mean is +0.33",
    "ünï 鲸 %20 name.flac": None,
    "upper_case.WAV": None,
    "lying_length.wav": "header length is wrong: header says 48695.774 s, 2.000 s decoded",
    "ten_samples.wav": None,
    "truncated.wav": "truncated: header says 2.000 s, 0.666 s decoded",
}
FAILED = {
    "zero_bytes.wav": "the file is empty (0 bytes)",
    "header_only.wav": "the header is there but no samples",
    "no_samples.wav": "the header is there but no samples",
    "no_samples_stereo.wav": "the header is there but no samples",
    "random_bytes.flac": "not a sound file: starts with the bytes d2 6e 32 7e 75 d8 70 39",
    "link stub, not Ogg (it's a name).ogg": "not a sound file: starts with the text "
    "'Karissa_Hobbs_-_Lets_Go_Fishin.o'",
    "nan_inf_float.wav": "contains NaN or infinite samples (first at 0.023 s)",
}


@pytest.fixture(scope="module")
def rows(test_data):
    if test_data is None:
        pytest.skip("no real recordings")
    return {row["path"]: row for row in scan_folder(test_data / "bad_files").to_pylist()}


def test_nothing_else_is_listed(rows):
    assert set(rows) == set(EMBEDDED) | set(FAILED)


@pytest.mark.parametrize("name", EMBEDDED)
def test_readable_files_are_ok_with_the_right_warning(rows, name):
    row = rows[name]
    assert (row["status"], row["warning"], row["reason"]) == ("ok", EMBEDDED[name], None)
    assert row["frames"] > 0
    assert row["duration_s"] == row["frames"] / row["sample_rate"]
    assert len(row["recording_id"]) == 64


@pytest.mark.parametrize("name", FAILED)
def test_unreadable_files_are_failed_with_a_plain_reason(rows, name):
    row = rows[name]
    assert (row["status"], row["warning"], row["reason"]) == ("failed", None, FAILED[name])


def test_lengths_are_what_decodes(rows):
    assert rows["truncated.wav"]["frames"] == 29385
    assert rows["lying_length.wav"]["frames"] == 88200
    assert rows["ten_samples.wav"]["frames"] == 10
    assert rows["eight_channels_96k_24bit.wav"]["channels"] == 8
    assert rows["mp3_inside.wav"]["frames"] == 1203125
