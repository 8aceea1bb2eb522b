"""Windows of long recordings: exact wherever they lie, in memory that does not grow with length."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile as sf

from audio_assets.encoding.embeddings_file import vectors_of
from audio_assets.encoding.encode import encode_folder
from audio_assets.encoding.signature import spectrogram_signature
from audio_assets.encoding.window_arrays import WindowArrays, write_window_arrays
from audio_assets.errors import StorageError
from audio_assets.recordings.windows import WindowGrid
from audio_assets.storage import read_parquet
from audio_assets_tests.unit.encoding.stand_ins import (
    BandsTransform,
    ProjectionEncoder,
    scanned,
    sound,
)

RATE, SECONDS = 44_100, 14


def vectors(root: Path, work: Path) -> dict[str, np.ndarray]:
    """Vector by window id, of windows of one second side by side."""
    out = work / f"{root.name}.parquet"
    encode_folder(
        root, scanned(root, window=1.0, hop=1.0), ProjectionEncoder(), signature="5" * 64,
        previous=None, out=out, work_dir=work / "unfinished",
    )  # fmt: skip
    table = read_parquet(out)
    return dict(zip(table["window_id"].to_pylist(), vectors_of(table), strict=True))


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("x.wav", "PCM_24", 0),
        ("x.flac", "PCM_16", 0),
        ("x.ogg", "VORBIS", 0),
        ("x.mp3", "MPEG_LAYER_III", 0.02),  # decoded samples agree to 1e-6, bands are rounded
    ],
)
def test_a_window_from_the_middle_equals_the_same_samples_cut_out_first(
    tmp_path, name, subtype, tolerance
):
    (whole := tmp_path / "whole").mkdir()
    stereo = np.stack([sound(1, SECONDS, RATE), sound(2, SECONDS, RATE)], axis=1)
    sf.write(whole / name, stereo, RATE, subtype=subtype)
    decoded, _ = sf.read(whole / name, dtype="float32", always_2d=True)
    found = vectors(whole, tmp_path)
    for window in (0, 7, 12):
        (cut := tmp_path / f"cut{window}").mkdir()
        span = decoded[window * RATE : (window + 1) * RATE]
        sf.write(cut / "cut.wav", span, RATE, subtype="FLOAT")
        [alone] = vectors(cut, tmp_path).values()
        [here] = [v for key, v in found.items() if key.endswith(f"@{window * RATE}+{RATE}")]
        np.testing.assert_allclose(here, alone, rtol=0, atol=tolerance)


def resident_file_pages() -> int:
    """Bytes of files that are mapped into this process and in memory."""
    status = Path("/proc/self/status").read_text()
    return next(int(s.split()[1]) for s in status.splitlines() if s.startswith("RssFile")) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
def test_reading_stored_arrays_does_not_keep_them_in_memory(tmp_path):
    count, shape = 1600, (200, 200)
    index = pa.table({"window_id": [f"w{i}" for i in range(count)]})
    rng = np.random.default_rng(3)
    blocks = (rng.integers(0, 256, (100, *shape), dtype=np.uint8) for _ in range(count // 100))
    write_window_arrays(tmp_path, index, blocks, shape, np.uint8, {"signature": "x"})
    store = WindowArrays.open(tmp_path)
    size, before = store.array.nbytes, resident_file_pages()
    sums = [int(store.take(np.arange(i, i + 64)).sum()) for i in range(0, count, 64)]
    assert resident_file_pages() - before < size // 8
    assert sums == [int(np.asarray(store.array[i : i + 64]).sum()) for i in range(0, count, 64)]
    assert resident_file_pages() - before > size // 2, "a memory map would keep them"


def test_rows_are_taken_in_any_order_and_a_torn_array_is_told(tmp_path):
    rows = np.arange(60, dtype=np.float32).reshape(10, 2, 3)
    index = pa.table({"window_id": [f"w{i}" for i in range(10)]})
    write_window_arrays(tmp_path, index, [rows], (2, 3), np.float32, {"signature": "x"})
    store = WindowArrays.open(tmp_path)
    for wanted in ([3, 4, 5], [9, 0, 1, 1, 8], [], [7]):
        numbers = np.array(wanted, np.int64)
        assert np.array_equal(store.take(numbers), rows[numbers])
    file = next(tmp_path.glob("*.npy"))
    file.write_bytes(file.read_bytes()[:-24])
    with pytest.raises(StorageError, match="ends before byte 368"):
        store.take(np.array([8, 9]))


def test_every_part_of_the_grid_is_in_the_signature():
    grids = [
        WindowGrid(window_s=5), WindowGrid(window_s=4), WindowGrid(window_s=5, hop_s=2),
        WindowGrid(window_s=5, tail="pad"), WindowGrid(window_s=5, tail="drop"),
        WindowGrid(policy="clip", window_s=5),
    ]  # fmt: skip
    assert len({spectrogram_signature(BandsTransform(), grid) for grid in grids}) == len(grids)
