"""Clips of an ESC-50-layout folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_assets.errors import RecordingError
from audio_assets.training.clips import fold_numbers, load_clips


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four clips of two classes in two folds; one is stereo at another rate, one is short."""
    (tmp_path / "meta").mkdir()
    (tmp_path / "audio").mkdir()
    rows = ["filename,fold,target,category,esc10,src_file,take"]
    for index, (fold, category) in enumerate([(1, "dog"), (1, "rain"), (2, "dog"), (2, "rain")]):
        rows.append(f"{index}.wav,{fold},{index},{category},True,{index},A")
        rate = 16000 if index == 1 else 8000
        sound = np.full((rate // (2 if index == 2 else 1), 1 + (index == 1)), 0.25)
        soundfile.write(tmp_path / "audio" / f"{index}.wav", sound, rate)
    (tmp_path / "meta" / "esc50.csv").write_text("\n".join(rows))
    return tmp_path


def test_clips_are_mono_of_one_rate_and_length(folder: Path) -> None:
    clips = load_clips(folder, 8000, 8000, (1, 2))
    assert clips.waveforms.shape == (4, 8000)
    assert clips.names == ("dog", "rain")
    assert clips.classes.tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(clips.waveforms[1, 100:-100], 0.25, atol=1e-3)
    assert not clips.waveforms[2, 4000:].any()
    assert clips.of_folds((2,)).files == ("2.wav", "3.wav")


def test_files_of_other_folds_are_not_opened(folder: Path) -> None:
    (folder / "audio" / "2.wav").write_bytes(b"not a sound")
    assert len(load_clips(folder, 8000, 8000, (1,)).files) == 2
    with pytest.raises(RecordingError, match=r"2\.wav cannot be decoded"):
        load_clips(folder, 8000, 8000, (2,))


def test_a_folder_without_the_table_is_refused(tmp_path: Path, folder: Path) -> None:
    assert fold_numbers(folder) == {1, 2}
    with pytest.raises(RecordingError, match="ESC-50 layout"):
        load_clips(tmp_path / "audio", 8000, 8000, (1,))
    with pytest.raises(RecordingError, match=r"no clip in folds \(7,\)"):
        load_clips(folder, 8000, 8000, (7,))
