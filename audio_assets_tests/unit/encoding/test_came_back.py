"""A folder or file that is away for a moment leaves nothing that passes for complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_assets.encoding.encode import encode_folder
from audio_assets.encoding.spectrograms import compute_spectrograms
from audio_assets.errors import RecordingError
from audio_assets_tests.unit.encoding.stand_ins import (
    BandsTransform,
    ProjectionEncoder,
    scanned,
    write_folder,
)


class Disturbed(BandsTransform):
    """Something happens before the third window."""

    def __init__(self, happen) -> None:
        super().__init__()
        self.happen, self.seen = happen, 0

    def __call__(self, waveforms):
        self.seen += 1
        if self.seen == 3 and self.happen:
            self.happen()
        return super().__call__(waveforms)


def away(root: Path) -> Path:
    return root.with_name("away")


def spectrograms(root: Path, home: Path, happen=None):
    return compute_spectrograms(
        root, scanned(root if root.is_dir() else away(root)), Disturbed(happen),
        out_dir=home / "spec", work_dir=home / "work", workers=1,
    )  # fmt: skip


def test_pictures_of_a_folder_that_goes_away_are_not_published(tmp_path):
    root = write_folder(tmp_path / "clips", 6)
    with pytest.raises(RecordingError, match=r"went away.*bring it back"):
        spectrograms(root, tmp_path, lambda: root.rename(away(root)))
    assert not list((tmp_path / "spec").rglob("*.npy"))
    away(root).rename(root)
    report = spectrograms(root, tmp_path)
    assert (report.rows, report.failed) == (report.computed + report.resumed, [])
    assert report.resumed > 0


def test_vectors_without_a_file_that_came_back_are_not_published(tmp_path):
    root = write_folder(tmp_path / "clips", 6)
    first = sorted(root.glob("*.wav"))[0]
    hidden = tmp_path / "hidden"
    recordings = scanned(root)

    class Encoder(ProjectionEncoder):
        def encode_inputs(self, inputs):
            if hidden.exists():
                hidden.rename(first)
            return super().encode_inputs(inputs)

    def encode(encoder):
        return encode_folder(
            root, recordings, encoder, signature="s", previous=None, out=tmp_path / "e.parquet",
            work_dir=tmp_path / "work", batch_size=2, workers=1,
        )  # fmt: skip

    first.rename(hidden)  # absent when it is read; back before the first call of the encoder
    encoder = Encoder()
    with pytest.raises(RecordingError, match=r"away for a moment.*run again"):
        encode(encoder)
    assert not (tmp_path / "e.parquet").exists()
    report = encode(ProjectionEncoder())
    assert report.failed == []
    assert report.resumed > 0
