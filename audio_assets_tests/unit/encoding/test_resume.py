"""Kill -9 in the middle, then run again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

from audio_assets.encoding.encode import encode_folder
from audio_assets.encoding.shards import store_directory
from audio_assets.encoding.spectrograms import compute_spectrograms
from audio_assets.storage import write_parquet
from audio_assets_tests.unit.encoding.stand_ins import (
    BandsTransform,
    ProjectionEncoder,
    scanned,
    write_folder,
)

SIGNATURE = "a" * 64

DYING = """
import sys
from pathlib import Path
import audio_assets.encoding.shards as shards
from audio_assets.encoding.encode import encode_folder
from audio_assets.storage import read_parquet
from audio_assets_tests.unit.encoding.stand_ins import ProjectionEncoder
shards.FLUSH_SECONDS = 0.0
root, home = map(Path, sys.argv[1:])
encode_folder(root, read_parquet(home / "recordings.parquet"), ProjectionEncoder(die_after=4),
              signature="a" * 64, previous=None, out=home / "e.parquet", work_dir=home / "work")
"""


def test_a_killed_run_continues_and_ends_bit_equal_to_an_undisturbed_one(tmp_path):
    root = write_folder(tmp_path / "clips", 24)
    recordings = scanned(root)
    write_parquet(tmp_path / "recordings.parquet", recordings)
    died = subprocess.run([sys.executable, "-c", DYING, root, tmp_path], check=False)
    assert died.returncode == -signal.SIGKILL
    assert not (tmp_path / "e.parquet").exists()

    work = store_directory(tmp_path / "work", SIGNATURE)
    (work / "shard-torn.arrow").write_bytes(b"ARROW1\0\0 half")
    whole = sorted(work.glob("shard-*.arrow"))[0]
    (work / "notes.txt").write_text("foreign")
    old = store_directory(tmp_path / "work", "b" * 64)
    old.mkdir()
    (old / whole.name).write_bytes(whole.read_bytes())

    encoder = ProjectionEncoder()
    arguments = {"signature": SIGNATURE, "previous": None, "work_dir": tmp_path / "work"}
    report = encode_folder(root, recordings, encoder, out=tmp_path / "e.parquet", **arguments)
    undisturbed = ProjectionEncoder()
    encode_folder(root, recordings, undisturbed, out=tmp_path / "u.parquet", **arguments)

    assert report.resumed == 4 * 8
    assert encoder.inputs == report.encoded == report.windows - report.resumed
    assert undisturbed.inputs == report.windows
    assert (tmp_path / "e.parquet").read_bytes() == (tmp_path / "u.parquet").read_bytes()
    assert not list((tmp_path / "work").iterdir())


def test_spectrograms_of_a_killed_run_are_not_computed_again(tmp_path, monkeypatch):
    import audio_assets.encoding.shards as shards

    monkeypatch.setattr(shards, "FLUSH_SECONDS", 0.0)
    root = write_folder(tmp_path / "clips", 12)
    recordings = scanned(root)
    arguments = {"out_dir": tmp_path / "spec", "work_dir": tmp_path / "work", "workers": 1}

    class Dying(BandsTransform):
        def __call__(self, waveforms):
            if self.calls >= 9:
                raise KeyboardInterrupt
            return super().__call__(waveforms)

    with contextlib.suppress(KeyboardInterrupt):
        compute_spectrograms(root, recordings, Dying(), **arguments)
    transform = BandsTransform()
    report = compute_spectrograms(root, recordings, transform, **arguments)
    assert report.resumed > 0
    assert transform.calls == report.computed == report.rows - report.resumed
    twin = compute_spectrograms(
        root, recordings, BandsTransform(), out_dir=tmp_path / "twin", work_dir=tmp_path / "w2"
    )
    assert twin.rows == report.rows
    assert contents(tmp_path / "spec") == contents(tmp_path / "twin")


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}
