"""Where samples lie: pairs, archives, raw files, arrays, foreign data sets, and what is refused."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from audio_assets.errors import RecordingError
from audio_assets.radio.layout import layout_of
from audio_assets.radio.statement import RadioSettings
from audio_assets.radio.synthesis.folder import encode_samples, write_recording
from audio_assets.radio.verify import verify_iq
from audio_assets.recordings.decode import Reader
from audio_assets.recordings.listing import audio_keys

TONE = 0.5 * np.exp(2j * np.pi * 0.1 * np.arange(1000))
RATE = RadioSettings(sample_rate=1000)


def read(path: Path, stated: RadioSettings | None = None) -> np.ndarray:
    with Reader(path, stated) as reader:
        return reader.read_iq(0, 10_000)


def archive(path: Path, *stems: Path) -> Path:
    with tarfile.open(path, "w") as tar:
        for stem in stems:
            for end in (".sigmf-meta", ".sigmf-data"):
                tar.add(stem.with_name(stem.name + end), f"{stem.name}/{stem.name}{end}")
    return path


def test_an_archive_is_read_where_it_lies(tmp_path: Path) -> None:
    write_recording(tmp_path / "a", TONE, "cf32_le", 1000.0)
    path = archive(tmp_path / "b.sigmf", tmp_path / "a")
    assert np.array_equal(read(path), read(tmp_path / "a.sigmf-data"))
    assert verify_iq(path).status == "ok"


def test_archives_of_other_than_one_recording_are_refused(tmp_path: Path) -> None:
    for name in "ab":
        write_recording(tmp_path / name, TONE, "cf32_le", 1000.0)
    two = archive(tmp_path / "two.sigmf", tmp_path / "a", tmp_path / "b")
    with pytest.raises(RecordingError, match="2 recordings"):
        layout_of(two)
    (tmp_path / "bad.sigmf").write_bytes(b"nonsense" * 200)
    with pytest.raises(RecordingError, match="no SigMF archive"):
        layout_of(tmp_path / "bad.sigmf")
    cut = tmp_path / "cut.sigmf"
    cut.write_bytes(archive(tmp_path / "c.sigmf", tmp_path / "a").read_bytes()[:5000])
    assert verify_iq(cut).status == "failed"


@pytest.mark.parametrize(
    ("name", "datatype"),
    [("a.cfile", "cf32_le"), ("a.cf32", "cf32_le"), ("a.complex", "cf32_le"), ("a.cs16", "ci16_le"),
     ("a.cu8", "cu8"), ("a.cs8", "ci8"), ("a.iq", "ci16_be")],
)  # fmt: skip
def test_raw_files_are_read_by_extension_or_statement(
    tmp_path: Path, name: str, datatype: str
) -> None:
    from audio_assets.radio.datatype import parse_datatype

    stored = encode_samples(np.atleast_2d(TONE), parse_datatype(datatype))
    (tmp_path / name).write_bytes(stored.tobytes())
    stated = RadioSettings(sample_rate=1000, datatype=datatype if name == "a.iq" else None)
    np.testing.assert_allclose(read(tmp_path / name, stated)[0], TONE, atol=0.01)
    reason = str(verify_iq(tmp_path / name).reason)
    assert ("--iq-type" if name == "a.iq" else "--iq-rate") in reason


@pytest.mark.parametrize(
    "array",
    [TONE.astype(np.complex64), TONE, np.stack([TONE.real, TONE.imag], axis=1).astype(np.float32),
     np.stack([TONE, 2 * TONE], axis=1).astype(np.complex64)],
)  # fmt: skip
def test_arrays_are_read(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    found = read(tmp_path / "a.npy", RATE)
    np.testing.assert_allclose(found[0], TONE, atol=1e-6)
    assert len(found) == (2 if array.ndim == 2 and array.dtype.kind == "c" else 1)


@pytest.mark.parametrize(
    "array", [np.zeros((2, 128), np.float32), np.zeros(5, bool), np.zeros((2, 2, 2), complex)]
)
def test_arrays_of_another_shape_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(RecordingError, match="is an array"):
        layout_of(tmp_path / "a.npy", RATE)


def test_a_pickled_array_is_never_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert verify_iq(tmp_path / "a.npy", RATE).status == "failed"


def test_a_foreign_data_set_is_found_by_its_metadata(tmp_path: Path) -> None:
    write_recording(tmp_path / "a", TONE, "ci16_le", 1000.0)
    meta = json.loads((tmp_path / "a.sigmf-meta").read_text())
    meta["global"] |= {"core:dataset": "a.bin", "core:trailing_bytes": 3}
    meta["captures"][0]["core:header_bytes"] = 7
    del meta["global"]["core:sha512"]
    samples = (tmp_path / "a.sigmf-data").read_bytes()
    (tmp_path / "a.bin").write_bytes(b"HEADER!" + samples + b"END")
    wanted = read(tmp_path / "a.sigmf-data")
    (tmp_path / "a.sigmf-data").unlink()
    (tmp_path / "a.sigmf-meta").write_text(json.dumps(meta))
    assert audio_keys(tmp_path) == ["a.sigmf-meta"]
    assert np.array_equal(read(tmp_path / "a.sigmf-meta"), wanted)


@pytest.mark.parametrize("name", ["../a.bin", "/etc/passwd", "..", "gone.bin"])
def test_a_data_set_outside_or_missing_is_refused(tmp_path: Path, name: str) -> None:
    write_recording(tmp_path / "a", TONE, "ci16_le", 1000.0)
    meta = json.loads((tmp_path / "a.sigmf-meta").read_text())
    meta["global"]["core:dataset"] = name
    (tmp_path / "a.sigmf-data").unlink()
    (tmp_path / "a.sigmf-meta").write_text(json.dumps(meta))
    verdict = verify_iq(tmp_path / "a.sigmf-meta")
    assert "core:dataset" in str(verdict.reason)


def test_samples_without_metadata_and_the_other_way_round_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sigmf-data").write_bytes(bytes(64))
    write_recording(tmp_path / "b", TONE, "ci16_le")
    (tmp_path / "b.sigmf-data").unlink()
    assert "a.sigmf-meta is missing" in str(verify_iq(tmp_path / "a.sigmf-data").reason)
    assert "b.sigmf-data is missing" in str(verify_iq(tmp_path / "b.sigmf-meta").reason)


def test_metadata_of_a_sound_file_are_no_recording(tmp_path: Path) -> None:
    (tmp_path / "dawn.wav").write_bytes(b"")
    (tmp_path / "dawn.sigmf-meta").write_text("{}")
    assert audio_keys(tmp_path) == ["dawn.wav"]


def test_stereo_sound_is_iq_on_request(tmp_path: Path) -> None:
    import soundfile

    pairs = np.stack([TONE.real, TONE.imag], axis=1)
    soundfile.write(tmp_path / "a.wav", pairs, 1000, subtype="FLOAT")
    found = read(tmp_path / "a.wav", RadioSettings(wav_iq=True))
    np.testing.assert_allclose(found[0], TONE, atol=1e-6)
    assert read(tmp_path / "a.wav", RadioSettings()).shape == (2, 1000)


def test_bytes_that_are_less_than_a_sample_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.cf32").write_bytes(TONE.astype(np.complex64).tobytes() + b"abc")
    verdict = verify_iq(tmp_path / "a.cf32", RATE)
    assert verdict.frames == 1000
    assert "truncated" in str(verdict.warning)


def test_a_sample_that_is_not_finite_is_refused_with_its_place(tmp_path: Path) -> None:
    samples = TONE.astype(np.complex64)
    samples[700] = complex(np.nan, 0)
    samples.tofile(tmp_path / "a.cf32")
    assert "sample 700" in str(verify_iq(tmp_path / "a.cf32", RATE).reason)


def test_broken_streams_never_raise(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    write_recording(tmp_path / "a", TONE, "ci16_le", 1000.0)
    good = bytearray((tmp_path / "a.sigmf-meta").read_bytes())
    packed = bytearray(archive(tmp_path / "x.sigmf", tmp_path / "a").read_bytes())
    buffer = io.BytesIO()
    np.save(buffer, TONE)
    for _ in range(60):
        for name, content in (("a.sigmf-meta", good), ("x.sigmf", packed),
                              ("n.npy", bytearray(buffer.getvalue()))):  # fmt: skip
            broken = bytearray(content)
            for at in rng.integers(0, min(len(broken), 600), 3):
                broken[at] = rng.integers(256)
            (tmp_path / name).write_bytes(broken)
        for name in ("a.sigmf-data", "x.sigmf", "n.npy"):
            assert verify_iq(tmp_path / name, RATE).status in ("ok", "failed")
