"""Arrays that the scan's processes make are those that the spectrograms would be made of."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile as sf

from audio_assets.encoding.arrays_ahead import ArraysAhead, arrays_of
from audio_assets.encoding.spectrograms import SpectrogramReport, compute_spectrograms
from audio_assets.encoding.window_arrays import WindowArrays
from audio_assets.recordings import kept_sound, scan
from audio_assets.recordings.kept_sound import KeptSound
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.verdict import Verdict
from audio_assets.recordings.windows import WindowGrid, with_grid
from audio_assets.transforms.registry import make_transform

GRIDS = {
    "clip": WindowGrid(policy="clip", window_s=0.5, hop_s=0.5),
    "sliding": WindowGrid(policy="sliding", window_s=0.5, hop_s=0.25),
    "padded": WindowGrid(policy="sliding", window_s=0.4, hop_s=0.4, tail="pad"),
}
TRANSFORM = make_transform("logmel_image", {"seconds": 0.5, "size": 32, "n_mels": 32})


@pytest.fixture(autouse=True)
def few_are_worth_it(monkeypatch):
    monkeypatch.setattr(scan, "WORTH_LISTENING", 1)


def folder(root: Path) -> Path:
    """Recordings of several rates, lengths, channels and formats, two of them not to be used."""
    root.mkdir()
    random = np.random.default_rng(3)
    for name, rate, seconds, channels in (
        ("a.wav", 22050, 0.5, 1), ("b.flac", 44100, 1.3, 2), ("c.ogg", 44100, 0.9, 1),
        ("d.ogg", 32000, 0.3, 2), ("e.mp3", 44100, 0.8, 1), ("f.wav", 16000, 0.02, 1),
    ):  # fmt: skip
        sound = random.uniform(-0.5, 0.5, (int(rate * seconds), channels))
        sf.write(root / name, sound, rate)
    (root / "same.wav").write_bytes((root / "a.wav").read_bytes())
    (root / "broken.wav").write_bytes(b"RIFF")
    time.sleep(0.05)  # the change time of a file that was just written is not recorded
    return root


def scanned(root: Path, grid: WindowGrid, work: Path, *, listen: bool) -> pa.Table:
    ahead = ArraysAhead(TRANSFORM, grid, work) if listen else None
    recordings = scan_folder(root, listener=ahead, workers=2)
    if ahead is not None:
        ahead.flush()
    return with_grid(recordings, grid)


def published(root: Path, recordings: pa.Table, at: Path, work: Path) -> SpectrogramReport:
    return compute_spectrograms(
        root, recordings, TRANSFORM, out_dir=at / "spec", work_dir=work, workers=2
    )


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("kind", GRIDS)
def test_the_store_and_its_pictures_are_the_same_to_the_byte(tmp_path, kind):
    root, grid = folder(tmp_path / "clips"), GRIDS[kind]
    heard = scanned(root, grid, tmp_path / "work", listen=True)
    plain = scanned(root, grid, tmp_path / "other", listen=False)
    with_arrays = published(root, heard, tmp_path / "1", tmp_path / "work")
    without = published(root, plain, tmp_path / "2", tmp_path / "other")
    assert heard.equals(plain, check_metadata=True)
    assert files(tmp_path / "1/spec") == files(tmp_path / "2/spec")
    assert with_arrays.failed == without.failed
    assert with_arrays.pngs == without.pngs == without.rows
    mp3 = sum(path == "e.mp3" for path in _paths(heard, grid))
    assert (with_arrays.computed, with_arrays.resumed) == (mp3, without.rows - mp3)
    assert without.resumed == 0
    assert with_arrays.audio_seconds == without.audio_seconds


def _paths(recordings: pa.Table, grid: WindowGrid) -> list[str]:
    from audio_assets.recordings.windows import make_windows

    return make_windows(recordings, grid)["path"].to_pylist()


def test_arrays_of_bytes_that_are_no_more_go_nowhere(tmp_path):
    root, grid = folder(tmp_path / "clips"), GRIDS["clip"]
    scanned(root, grid, tmp_path / "work", listen=True)
    sf.write(root / "a.wav", np.full(11025, 0.25), 22050)
    (root / "same.wav").unlink()
    later = scanned(root, grid, tmp_path / "work", listen=False)
    report = published(root, later, tmp_path, tmp_path / "work")
    store = WindowArrays.open(tmp_path / "spec")
    expected = published(root, later, tmp_path / "fresh", tmp_path / "work2")
    assert report.computed == 2  # the MP3 and what was written since
    assert np.array_equal(store.array, WindowArrays.open(tmp_path / "fresh/spec").array)
    assert expected.resumed == 0
    assert not any((tmp_path / "work").iterdir())


def test_arrays_of_another_transform_are_not_taken(tmp_path):
    root, grid = folder(tmp_path / "clips"), GRIDS["clip"]
    recordings = scanned(root, grid, tmp_path / "work", listen=True)
    other = make_transform("logmel_image", {"seconds": 0.5, "size": 16, "n_mels": 16})
    report = compute_spectrograms(
        root, recordings, other, out_dir=tmp_path / "spec", work_dir=tmp_path / "work"
    )
    assert report.resumed == 0
    assert report.computed == report.rows


def test_few_recordings_are_not_worth_it(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "WORTH_LISTENING", 100)
    scanned(folder(tmp_path / "clips"), GRIDS["clip"], tmp_path / "work", listen=True)
    assert not (tmp_path / "work").exists()


def test_of_a_long_recording_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(kept_sound, "MOST_FRAMES", 100)
    kept = KeptSound()
    for _ in range(5):
        kept.add(np.ones((40, 2), np.float32))
    assert not kept._blocks
    assert kept.samples(Verdict(status="ok", frames=200)) is None


def test_a_maker_that_fails_costs_only_its_arrays(tmp_path):
    class Fails(ArraysAhead):
        maker = "audio_assets.encoding.arrays_ahead:there_is_no_such_thing"

    root = folder(tmp_path / "clips")
    listened = scan_folder(root, listener=Fails(TRANSFORM, GRIDS["clip"], tmp_path / "work"))
    assert listened.equals(scan_folder(root))
    assert not (tmp_path / "work").exists()


def test_many_windows_of_one_recording_are_left_to_the_spectrograms(monkeypatch):
    from audio_assets.encoding import arrays_ahead

    monkeypatch.setattr(arrays_ahead, "JOB_BYTES", 2 * 32 * 32)
    ahead = ArraysAhead(TRANSFORM, GRIDS["sliding"], Path("unused"))
    verdict = Verdict(recording_id="a" * 64, sample_rate=22050, frames=33075, status="ok")
    assert arrays_of(ahead.parameters, verdict, np.zeros(33075, np.float32)) == ([], b"")
