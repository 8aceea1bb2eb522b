"""Headers and samples that lie: named with a reason, never believed."""

import struct

import numpy as np
import pytest
import soundfile as sf

from audio_assets.encoding.clip import encode_file
from audio_assets.errors import RecordingError
from audio_assets.models.encoder import load_encoder
from audio_assets.models.registry import resolve_checkpoint
from audio_assets.recordings.decode import Reader
from audio_assets.recordings.flac_blocks import can_be_entered
from audio_assets.recordings.sample_values import not_sound
from audio_assets.recordings.verify import Verdict, verify
from audio_assets.recordings.wave_chunks import read_chunks
from audio_assets_tests.tiny_checkpoint import write_tiny_checkpoint

from .sound_files import noise, write


def judged(path) -> Verdict:
    found = verify(path, path.name)
    assert found is not None
    return found


def with_rate(path, rate: int):
    """A WAV whose header gives another rate; byte 24 is where it stands."""
    content = bytearray(write(path, noise(1)).read_bytes())
    content[24:28] = struct.pack("<I", rate)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("rate", [1, 9, 100_000_001, 2**31 - 1])
def test_a_rate_that_no_sound_has_is_refused(tmp_path, rate):
    path = with_rate(tmp_path / "a.wav", rate)
    verdict = judged(path)
    assert verdict.status == "failed"
    assert verdict.reason.startswith(f"its header gives a rate of {rate:,} Hz, expected 10 to")
    with pytest.raises(RecordingError, match="a rate of"):
        Reader(path)


@pytest.mark.parametrize("rate", [10, 99])
def test_a_rate_below_hearing_is_taken_with_a_warning(tmp_path, rate):
    path = with_rate(tmp_path / "a.wav", rate)
    verdict = judged(path)
    assert verdict.status == "ok"
    assert verdict.warning == f"unusual rate: {rate} Hz, and so {8000 / rate:,.0f} s; " + (
        "is the header right?"
    )


@pytest.mark.parametrize("value", [1.1e10, -1e30, 3.4e38])
def test_samples_too_large_for_a_spectrum_are_refused(tmp_path, value):
    sound = noise(1)
    sound[4000] = value
    path = tmp_path / "a.wav"
    sf.write(path, sound, 8000, subtype="FLOAT")
    verdict = judged(path)
    assert verdict.status == "failed"
    assert verdict.reason == (
        f"contains samples of up to {abs(value):.0e} times full scale, which is no sound "
        "(first at 0.500 s)"
    )


def test_physical_units_are_sound(tmp_path):
    sf.write(tmp_path / "a.wav", noise(1) * 1e9, 8000, subtype="FLOAT")
    assert judged(tmp_path / "a.wav").status == "ok"


def test_a_query_is_held_to_the_same_limits(tmp_path):
    write_tiny_checkpoint(tmp_path / "tiny")
    encoder = load_encoder(resolve_checkpoint(tmp_path / "tiny"))
    sound = noise(1)
    sound[-1] = 1e30
    sf.write(tmp_path / "a.wav", sound, 8000, subtype="FLOAT")
    with pytest.raises(RecordingError, match="times full scale"):
        encode_file(tmp_path / "a.wav", encoder)


def with_blocks(path, smallest: int, largest: int, frames: int):
    """A FLAC file whose header says other lengths."""
    content = bytearray(write(path, noise(3)).read_bytes())
    content[8:12] = struct.pack(">HH", smallest, largest)
    content[22:26] = struct.pack(">I", frames)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("smallest", "largest", "frames"),
    [(4096, 33, 24000), (4096, 16189, 24000), (4096, 65535, 24000), (24, 4096, 21000)],
)
def test_a_flac_file_that_lies_of_its_blocks_is_read_forwards(tmp_path, smallest, largest, frames):
    path = with_blocks(tmp_path / "a.flac", smallest, largest, frames)
    assert judged(path).status == "ok"
    with Reader(path) as reader, Reader(path) as other:
        whole = reader.read(0, 24000)
        assert len(whole) == judged(path).frames >= 21000
        for start in (20000, 5000, 12345):
            np.testing.assert_array_equal(other.read(start, 1000), whole[start : start + 1000])


def test_what_is_no_sound_is_told_apart():
    assert not_sound(np.zeros(3, np.float32), 0, 8000) is None
    said = not_sound(np.array([[0, 0], [0, np.nan]], np.float32), 7, 8)
    assert said == "contains NaN or infinite samples (first at 1.000 s)"


def test_a_sound_track_of_an_unknown_kind_is_named(tmp_path):
    pytest.importorskip("av")
    from audio_assets_tests.hostile.originals import with_av

    content = with_av("m4a", noise(1)[:, None], 22050)
    path = tmp_path / "a.m4a"
    path.write_bytes(content.replace(b"\x04\x80\x80\x80\x17\x40", b"\x04\x80\x80\x80\x17\x02"))
    verdict = judged(path)
    assert verdict.status == "failed"
    assert verdict.reason == "its sound track is of a kind that cannot be decoded"


@pytest.mark.parametrize("length", [1 << 31, (1 << 63) - 1, (1 << 64) - 1])
def test_a_64_bit_length_beyond_the_file_ends_the_search_for_chunks(tmp_path, length):
    chunks = b"ds64" + struct.pack("<IQQQI", 0xFFFFFF00, length, length, 0, 0)
    early = b"guan" + struct.pack("<I", 4) + b"here"
    late = b"data" + struct.pack("<I", 0xFFFFFFFF) + b"\0" * 64
    path = tmp_path / "a.wav"
    path.write_bytes(b"RF64\xff\xff\xff\xffWAVE" + early + chunks)
    assert read_chunks(path, {b"guan", b"iXML"}) == {b"guan": b"here"}
    whole = b"ds64" + struct.pack("<IQQQI", 28, length, length, 0, 0)
    path.write_bytes(b"RF64\xff\xff\xff\xffWAVE" + early + whole + late)
    assert read_chunks(path, {b"guan", b"iXML"}) == {b"guan": b"here"}


@pytest.mark.parametrize("block", [16, 1024, 4608, 8192])
def test_a_flac_file_whose_blocks_are_all_of_another_length_is_refused(tmp_path, block):
    path = with_blocks(tmp_path / "a.flac", block, block, 24000)
    assert (judged(path).reason or "").startswith(
        f"its header gives blocks of {block} samples, its first one has 4096"
    )


@pytest.mark.parametrize("frames", [100, 4096, 5000, 40_000])
def test_flac_files_whose_headers_are_right_are_entered(tmp_path, frames):
    path = write(tmp_path / "a.flac", noise(frames / 8000))
    with path.open("rb") as stream:
        assert can_be_entered(stream.fileno()) == (frames >= 4096)


def test_real_flac_files_are_entered(test_data):
    paths = sorted((test_data / "soundscape_24h").glob("*.flac")) if test_data else []
    if not paths:
        pytest.skip("no real recordings")
    for path in paths[:5]:
        with path.open("rb") as stream:
            assert can_be_entered(stream.fileno())


def test_samples_are_the_same_wherever_reading_starts_in_an_au_file_that_lies(tmp_path):
    path = tmp_path / "a.au"
    content = bytearray(write(path, noise(1), format="AU").read_bytes())
    content[4:8] = struct.pack(">I", 7)
    path.write_bytes(content)
    with Reader(path) as reader, Reader(path) as other:
        whole = reader.read(0, 8000)
        np.testing.assert_array_equal(other.read(4000, 1000), whole[4000:5000])


def test_samples_of_a_damaged_dwvw_file_do_not_depend_on_how_they_are_read(tmp_path):
    head = (
        "464f524d0000a09e41494643 4656455200000004a2805140 434f4d4d000000180001 000102660010"
        "400eac44000000000000 445756570000 53534e440000a0660000000000000000 1425185e820c16"
    )
    path = tmp_path / "a.aiff"
    path.write_bytes(bytes.fromhex(head) + b"\xff" * 49)
    with Reader(path) as reader, Reader(path) as other:
        whole = reader.read(0, 8000)
        parts = [other.read(start, 100) for start in range(0, len(whole) - 100, 100)]
    np.testing.assert_array_equal(np.concatenate(parts), whole[: 100 * len(parts)])


def test_samples_of_adpcm_with_33_channels_do_not_depend_on_how_they_are_read(tmp_path):
    path = write(tmp_path / "a.aiff", noise(8), format="AIFF", subtype="IMA_ADPCM")
    content = bytearray(path.read_bytes())
    channels = content.index(b"COMM") + 8
    assert content[channels : channels + 2] == b"\0\1"
    content[channels + 1] = 33
    path.write_bytes(content)
    with Reader(path) as reader, Reader(path) as other:
        whole = reader.read(0, 8000)
        parts = [other.read(start, 100) for start in range(0, len(whole) - 100, 100)]
    assert len(parts) > 5
    np.testing.assert_array_equal(np.concatenate(parts), whole[: 100 * len(parts)])
