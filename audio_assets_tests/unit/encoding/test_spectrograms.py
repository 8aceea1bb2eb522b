"""compute_spectrograms and what encoding takes from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf

from audio_assets.encoding.encode import encode_folder
from audio_assets.encoding.previews import png_name
from audio_assets.encoding.spectrograms import compute_spectrograms
from audio_assets.encoding.window_arrays import WindowArrays
from audio_assets.recordings.windows import grid_of, make_windows
from audio_assets_tests.unit.encoding.stand_ins import (
    RATE,
    BandsTransform,
    ProjectionEncoder,
    scanned,
    sound,
    write_folder,
)


def compute(root: Path, home: Path, transform: BandsTransform | None = None, **more):
    return compute_spectrograms(
        root, more.get("recordings", scanned(root)), transform or BandsTransform(),
        out_dir=home / "spec", work_dir=home / "work", workers=2,
    )  # fmt: skip


def pngs(home: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (home / "spec/png").glob("*.png")}


def test_every_window_has_an_array_and_a_png(tmp_path):
    root = write_folder(tmp_path / "clips", 4)
    recordings = scanned(root)
    report = compute(root, tmp_path)
    windows = make_windows(recordings, grid_of(recordings))
    store = WindowArrays.open(tmp_path / "spec")
    assert store.window_ids.to_pylist() == windows["window_id"].to_pylist()
    assert isinstance(store.array, np.memmap)
    assert store.array.shape == (report.rows, 16, 16)
    assert set(pngs(tmp_path)) == {png_name(i) for i in windows["window_id"].to_pylist()}
    first = windows.to_pylist()[0]
    samples, _ = sf.read(root / first["path"], dtype="float32", frames=RATE)
    assert np.array_equal(store.array[0], BandsTransform()(samples[None])[0])


def test_a_second_run_transforms_nothing_and_draws_only_the_missing_png(tmp_path):
    root = write_folder(tmp_path / "clips", 4)
    compute(root, tmp_path)
    before = pngs(tmp_path)
    lost = min(before)
    (tmp_path / "spec/png" / lost).unlink()
    transform = BandsTransform()
    report = compute(root, tmp_path, transform)
    after = pngs(tmp_path)
    assert transform.calls == 0
    assert report.pngs == 1
    assert set(after) == set(before)
    assert {n for n in before if before[n] != after[n]} == {lost}


def test_pngs_of_removed_windows_go_and_only_the_new_clip_is_computed(tmp_path):
    root = write_folder(tmp_path / "clips", 4)
    compute(root, tmp_path)
    (root / "clip000.wav").unlink()
    sf.write(root / "new.wav", sound(77, 1.0), RATE)
    transform = BandsTransform()
    report = compute(root, tmp_path, transform)
    assert transform.calls == report.computed == 1
    assert report.removed_pngs > 0
    assert len(pngs(tmp_path)) == report.rows == len(WindowArrays.open(tmp_path / "spec"))
    assert len(list((tmp_path / "spec").glob("array-*.npy"))) == 1


def test_another_transform_leaves_nothing_of_the_old_pictures(tmp_path):
    class Louder(BandsTransform):
        def parameters(self):
            return {"bands": 16, "gain": 2}

    root = write_folder(tmp_path / "clips", 3)
    compute(root, tmp_path)
    before = pngs(tmp_path)
    transform = Louder()
    report = compute(root, tmp_path, transform)
    assert report.reused == 0
    assert transform.calls == report.rows
    assert all(before[name] != time for name, time in pngs(tmp_path).items())


def test_failed_files_are_rows_of_the_report(tmp_path):
    root = write_folder(tmp_path / "clips", 3)
    recordings = scanned(root)
    (root / "clip001.wav").unlink()
    report = compute(root, tmp_path, recordings=recordings)
    assert [row["path"] for row in report.failed] == ["clip001.wav"]
    assert report.rows == len(WindowArrays.open(tmp_path / "spec")) == len(pngs(tmp_path))


def test_an_empty_folder_gives_an_empty_store(tmp_path):
    (tmp_path / "clips").mkdir()
    assert compute(tmp_path / "clips", tmp_path).rows == 0
    assert len(WindowArrays.open(tmp_path / "spec")) == 0


def test_encoding_reads_stored_arrays_and_gives_the_same_bytes_as_streaming(tmp_path):
    root = write_folder(tmp_path / "clips", 6)
    recordings = scanned(root)
    compute(root, tmp_path)
    arguments = {"signature": "5" * 64, "previous": None}
    encoder = ProjectionEncoder()
    report = encode_folder(
        root, recordings, encoder, out=tmp_path / "a.parquet", work_dir=tmp_path / "wa",
        spectrograms=tmp_path / "spec", **arguments,
    )  # fmt: skip
    assert report.from_arrays == report.windows
    assert encoder.transform.calls == 0
    encode_folder(
        root, recordings, ProjectionEncoder(), out=tmp_path / "b.parquet",
        work_dir=tmp_path / "wb", **arguments,
    )  # fmt: skip
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_arrays_of_windows_with_several_inputs_are_not_used(tmp_path):
    root = write_folder(tmp_path / "clips", 3, seconds=2.0)
    recordings = scanned(root, policy="clip")
    compute(root, tmp_path, recordings=recordings)
    encoder = ProjectionEncoder()
    report = encode_folder(
        root, recordings, encoder, out=tmp_path / "a.parquet", work_dir=tmp_path / "wa",
        spectrograms=tmp_path / "spec", signature="5" * 64, previous=None,
    )  # fmt: skip
    counts = WindowArrays.open(tmp_path / "spec").index["n_inputs"].to_pylist()
    assert counts == [2, 2, 3]
    assert report.from_arrays == 0
    assert encoder.inputs == 7
