"""encode_folder: reuse, failures, wrong vectors, batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audio_assets.encoding.embeddings_file import vectors_of
from audio_assets.encoding.encode import EncodeReport, encode_folder
from audio_assets.errors import EncodingError
from audio_assets.recordings.decode import read_span
from audio_assets.recordings.windows import grid_of, make_windows
from audio_assets.schemas import embeddings_schema
from audio_assets.storage import read_parquet
from audio_assets_tests.unit.encoding.stand_ins import (
    RATE,
    ConstantEncoder,
    NanEncoder,
    ProjectionEncoder,
    scanned,
    sound,
    write_folder,
)

SIGNATURE = "5" * 64


def encode(root: Path, home: Path, encoder: ProjectionEncoder, **more) -> EncodeReport:
    arguments = {
        "signature": SIGNATURE,
        "previous": home / "embeddings.parquet",
        "out": home / "embeddings.parquet",
        "work_dir": home / "work",
        "workers": 2,
    }
    recordings = more.pop("recordings", None)
    recordings = scanned(root) if recordings is None else recordings
    return encode_folder(root, recordings, encoder, **{**arguments, **more})


def test_every_window_gets_the_vector_of_its_own_samples(tmp_path):
    root = write_folder(tmp_path / "clips", 5)
    encoder = ProjectionEncoder()
    recordings = scanned(root)
    report = encode(root, tmp_path, encoder, recordings=recordings)
    table = read_parquet(tmp_path / "embeddings.parquet")
    windows = make_windows(recordings, grid_of(recordings))
    assert table.schema.equals(embeddings_schema(encoder.dim))
    assert table["window_id"].to_pylist() == windows["window_id"].to_pylist()
    assert report.windows == report.encoded == windows.num_rows
    assert not report.failed
    for row, vector in zip(windows.to_pylist(), vectors_of(table), strict=True):
        samples = read_span(root / row["path"], row["start_frame"], row["frames"])
        alone = np.zeros((8, 16, 16), np.uint8)
        alone[0] = encoder.transform(samples[None, :RATE])[0]
        assert np.array_equal(vector, encoder.encode_inputs(alone)[0])


def test_a_second_run_decodes_nothing_and_writes_the_same_bytes(tmp_path):
    root = write_folder(tmp_path / "clips")
    encode(root, tmp_path, ProjectionEncoder())
    before = (tmp_path / "embeddings.parquet").read_bytes()
    encoder = ProjectionEncoder()
    report = encode(root, tmp_path, encoder)
    assert (report.encoded, encoder.calls, encoder.transform.calls) == (0, 0, 0)
    assert report.reused == report.windows
    assert (tmp_path / "embeddings.parquet").read_bytes() == before


def test_one_new_clip_is_all_that_is_computed(tmp_path):
    root = write_folder(tmp_path / "clips")
    encode(root, tmp_path, ProjectionEncoder())
    sf.write(root / "aaa.wav", sound(99, 1.0), RATE)
    encoder = ProjectionEncoder()
    report = encode(root, tmp_path, encoder)
    assert report.encoded == encoder.inputs == 1
    fresh = ProjectionEncoder()
    encode(root, tmp_path / "other", fresh)
    assert (tmp_path / "embeddings.parquet").read_bytes() == (
        tmp_path / "other/embeddings.parquet"
    ).read_bytes()


def test_a_removed_recording_disappears(tmp_path):
    root = write_folder(tmp_path / "clips", 3)
    encode(root, tmp_path, ProjectionEncoder())
    (root / "clip001.wav").unlink()
    report = encode(root, tmp_path, ProjectionEncoder())
    assert report.encoded == 0
    assert len(set(read_parquet(tmp_path / "embeddings.parquet")["recording_id"].to_pylist())) == 2


def test_another_signature_computes_everything_again(tmp_path):
    root = write_folder(tmp_path / "clips", 3)
    encode(root, tmp_path, ProjectionEncoder())
    report = encode(root, tmp_path, ProjectionEncoder(), signature="6" * 64)
    assert report.reused == 0
    assert report.encoded == report.windows


@pytest.mark.parametrize("batch_size", [1, 3, 8, 64])
def test_vectors_do_not_depend_on_how_batches_were_cut(tmp_path, batch_size):
    root = write_folder(tmp_path / "clips", 5)
    encode(root, tmp_path, ProjectionEncoder())
    other = tmp_path / "other"
    encoder = ProjectionEncoder()
    encode(root, other, encoder, batch_size=batch_size, workers=1)
    assert set(encoder.rows) == {min(batch_size, 8)}
    mine = vectors_of(read_parquet(tmp_path / "embeddings.parquet"))
    np.testing.assert_allclose(
        vectors_of(read_parquet(other / "embeddings.parquet")), mine, atol=1e-5
    )


def test_a_window_longer_than_the_input_gets_the_mean_over_its_inputs(tmp_path):
    root = tmp_path / "clips"
    root.mkdir()
    sf.write(root / "long.wav", sound(3, 3.0), RATE, subtype="FLOAT")
    encoder = ProjectionEncoder()
    encode(root, tmp_path, encoder, recordings=scanned(root, policy="clip"))
    samples = read_span(root / "long.wav", 0, 3 * RATE).reshape(3, RATE)
    inputs = np.zeros((8, 16, 16), np.uint8)
    inputs[:3] = encoder.transform(samples)
    expected = encoder.encode_inputs(inputs)[:3].mean(axis=0)
    found = vectors_of(read_parquet(tmp_path / "embeddings.parquet"))
    np.testing.assert_allclose(found, expected[None], atol=1e-6)


def test_vanished_and_changed_files_are_reported_and_the_rest_is_encoded(tmp_path):
    root = write_folder(tmp_path / "clips", 6)
    recordings = scanned(root)
    (root / "clip001.wav").unlink()
    sf.write(root / "clip002.wav", sound(50, 4.0), RATE)
    (root / "clip003.wav").write_bytes(b"RIFF")
    report = encode(root, tmp_path, ProjectionEncoder(), recordings=recordings)
    reasons = {row["path"]: row["reason"] for row in report.failed}
    assert list(reasons) == ["clip001.wav", "clip002.wav", "clip003.wav"]
    assert "vanished" in reasons["clip001.wav"]
    assert "changed since the scan; scan again" in reasons["clip002.wav"]
    windows = make_windows(recordings, grid_of(recordings)).to_pylist()
    expected = [row["window_id"] for row in windows if row["path"] not in reasons]
    table = read_parquet(tmp_path / "embeddings.parquet")
    assert table["window_id"].to_pylist() == expected


def test_a_vector_that_is_not_finite_names_its_window_and_file_and_publishes_nothing(tmp_path):
    root = write_folder(tmp_path / "clips", 3)
    with pytest.raises(EncodingError, match=r"window [0-9a-f]{16}@\d+\+\d+ of clip00\d\.wav"):
        encode(root, tmp_path, NanEncoder())
    assert not (tmp_path / "embeddings.parquet").exists()


def test_constant_vectors_are_refused_and_nothing_of_them_is_kept(tmp_path):
    root = write_folder(tmp_path / "clips", 3)
    with pytest.raises(EncodingError, match="constant vectors"):
        encode(root, tmp_path, ConstantEncoder())
    assert not (tmp_path / "embeddings.parquet").exists()
    assert not list((tmp_path / "work").rglob("shard-*"))


def test_equal_vectors_of_silent_recordings_are_accepted(tmp_path):
    root = tmp_path / "clips"
    root.mkdir()
    for i, name in enumerate("abc"):
        sf.write(root / f"{name}.wav", np.zeros(RATE + i), RATE)
    assert encode(root, tmp_path, ConstantEncoder()).windows == 3


def test_a_folder_without_windows_gives_an_empty_table(tmp_path):
    (tmp_path / "clips").mkdir()
    report = encode(tmp_path / "clips", tmp_path, ProjectionEncoder())
    assert report.windows == 0
    assert read_parquet(tmp_path / "embeddings.parquet").schema.equals(embeddings_schema(24))


def test_a_damaged_previous_table_is_computed_again(tmp_path):
    root = write_folder(tmp_path / "clips", 2)
    (tmp_path / "embeddings.parquet").write_bytes(b"PAR1 torn")
    report = encode(root, tmp_path, ProjectionEncoder())
    assert report.encoded == report.windows
