import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_assets.errors import RecordingError
from audio_assets.recordings.decode import MP3_SECTION, Reader, read_span

from .sound_files import noise, write

FORMATS = {
    "wav": {"subtype": "PCM_16"}, "w64": {"subtype": "PCM_24"}, "flac": {}, "aiff": {},
    "au": {"subtype": "ULAW"}, "caf": {}, "ogg": {"subtype": "VORBIS"},
    "opus": {"format": "OGG", "subtype": "OPUS"}, "mp3": {},
}  # fmt: skip


def forwards(path) -> np.ndarray:
    """All of a file as mono, in one go."""
    samples, _ = sf.read(path, dtype="float32", always_2d=True)
    return samples.mean(axis=1, dtype=np.float32)


@pytest.fixture(scope="module", params=FORMATS)
def recording(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("decode") / f"sound.{request.param}"
    rate = 48000 if request.param == "opus" else 44100
    write(path, noise(6, rate, channels=2), rate, **FORMATS[request.param])
    return path


def test_a_span_equals_the_same_samples_of_the_whole(recording):
    whole = forwards(recording)
    tolerance = 1e-6 if recording.suffix == ".mp3" else 0
    rng = np.random.default_rng(1)
    with Reader(recording) as reader:
        assert reader.channels == 2
        for start in rng.integers(0, len(whole) - 2000, 25):
            span = reader.read(int(start), 2000)
            assert span.dtype == np.float32
            np.testing.assert_allclose(span, whole[start : start + 2000], rtol=0, atol=tolerance)
    np.testing.assert_allclose(read_span(recording, 777, 99), whole[777:876], atol=tolerance)


def test_what_is_read_depends_on_nothing_read_before(recording):
    with Reader(recording) as one, Reader(recording) as other:
        other.read(200_000, 500)
        other.read(0, 100_000)
        for start in (0, 100_000, 30_000, 150_000):
            assert one.read(start, 5000).tobytes() == other.read(start, 5000).tobytes()


def test_reading_past_the_end_gives_what_there_is(recording):
    whole = forwards(recording)
    with Reader(recording) as reader:
        assert len(reader.read(len(whole) - 10, 100)) == 10
        assert len(reader.read(len(whole) + 10_000, 100)) == 0
        assert len(reader.read(0, 0)) == 0
        assert len(reader.read(0, 10**7)) == len(whole)
        with pytest.raises(ValueError, match="start"):
            reader.read(-1, 5)


def test_mp3_sections_join_without_a_seam(tmp_path):
    path = write(tmp_path / "long.mp3", noise(26, 48000), 48000)
    whole = forwards(path)
    start = MP3_SECTION - 3000
    np.testing.assert_allclose(read_span(path, start, 6000), whole[start : start + 6000], atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4500), st.integers(0, 4500)), max_size=8))
def test_any_order_of_reads_is_exact(tmp_path_factory, reads):
    path = tmp_path_factory.getbasetemp() / "order.ogg"
    if not path.exists():
        write(path, noise(0.5))
    whole = forwards(path)
    with Reader(path) as reader:
        for start, frames in reads:
            assert (reader.read(start, frames) == whole[start : start + frames]).all()


def test_real_vorbis_is_exact_where_libsndfile_seeks_wrong(test_data):
    if test_data is None:
        pytest.skip("no real recordings")
    path = test_data / "humpback_song" / "glacier-bay-humpback.ogg"
    whole = forwards(path)
    with Reader(path) as reader:
        for start in np.sort(np.random.default_rng(1).integers(0, len(whole) - 3000, 40)):
            assert (reader.read(int(start), 3000) == whole[start : start + 3000]).all()


def test_aac_is_read_through_ffmpeg(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "tone.m4a"
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate = 44100
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    with Reader(path) as reader:
        assert (reader.sample_rate, reader.channels) == (44100, 1)
        whole = reader.read(0, 10**6)
        assert 44100 - 1024 <= len(whole) <= 44100 + 2048
        assert (reader.read(9000, 500) == whole[9000:9500]).all()
        assert (reader.read(100, 500) == whole[100:600]).all()


@pytest.mark.parametrize("content", [b"", b"hello", bytes(100), b"\x00\x00\x00\x20ftypM4A " * 9])
def test_what_is_no_sound_is_a_recording_error(tmp_path, content):
    path = tmp_path / "x.m4a"
    path.write_bytes(content)
    with pytest.raises(RecordingError):
        Reader(path)


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "x.wav")
    reasons: list[str] = []

    def open_it() -> None:
        with pytest.raises(RecordingError) as caught:
            Reader(tmp_path / "x.wav")
        reasons.append(str(caught.value))

    thread = threading.Thread(target=open_it)
    thread.start()
    thread.join(5)
    assert reasons == ["is not a regular file"]


def test_a_missing_file_is_a_recording_error_and_no_descriptor_leaks(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("x.wav", "gone.wav"):
        with pytest.raises(RecordingError):
            read_span(tmp_path / name, 0, 1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
