import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audio_assets.loaders.registry import detect_loader
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.sounds import CLASSES
from audio_assets.recordings.synthesize import synthesize_clip, synthesize_soundscape


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def soundscape(tmp_path_factory):
    return synthesize_soundscape(
        tmp_path_factory.mktemp("s") / "synthetic", clips_per_class=3, seconds=1
    )


def test_it_has_at_least_twelve_classes_in_the_esc50_layout(soundscape):
    assert len(CLASSES) >= 12
    assert len({target for target, _ in CLASSES.values()}) == len(CLASSES)
    assert detect_loader(soundscape) == "esc50"
    assert "Nothing here was recorded" in (soundscape / "README.md").read_text()


def test_every_clip_is_a_usable_recording(soundscape):
    rows = scan_folder(soundscape).to_pylist()
    assert len(rows) == 3 * len(CLASSES)
    assert {(r["status"], r["warning"], r["duration_s"]) for r in rows} == {("ok", None, 1.0)}
    for row in rows:
        samples, _ = sf.read(soundscape / row["path"])
        assert 0.05 < np.abs(samples).max() <= 0.95


def test_the_same_arguments_give_the_same_bytes(soundscape, tmp_path):
    again = synthesize_soundscape(tmp_path / "again", clips_per_class=3, seconds=1)
    assert digests(again) == digests(soundscape)
    other = synthesize_soundscape(tmp_path / "other", clips_per_class=1, seconds=1, seed=1)
    assert set(digests(other).values()).isdisjoint(
        v for k, v in digests(soundscape).items() if k.endswith(".wav")
    )


def test_classes_are_told_apart_by_their_spectra():
    def spectrum(name: str, clip: int) -> np.ndarray:
        sound = synthesize_clip(name, clip, seconds=3)
        frames = np.lib.stride_tricks.sliding_window_view(sound, 1024)[::512] * np.hanning(1024)
        power = np.abs(np.fft.rfft(frames)) ** 2
        edges = np.unique(np.geomspace(1, 512, 33).astype(int))
        bands = np.log10(np.add.reduceat(power[:, 1:], edges[:-1], axis=1) + 1e-6)
        return np.concatenate([bands.mean(0), bands.std(0), np.abs(np.diff(bands, axis=0)).mean(0)])

    labels = [name for name in CLASSES for _ in range(6)]
    vectors = np.array([spectrum(name, clip) for name in CLASSES for clip in range(6)])
    vectors -= vectors.mean(0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    hits = [labels[i] == labels[j] for i, j in enumerate(scores.argmax(1))]
    assert np.mean(hits) > 0.7


def test_nonsense_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown classes"):
        synthesize_soundscape(tmp_path, classes=("dragon",))
    with pytest.raises(ValueError, match="at least one"):
        synthesize_soundscape(tmp_path, clips_per_class=0)
