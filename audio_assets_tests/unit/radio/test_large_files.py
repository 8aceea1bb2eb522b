"""A file larger than memory: looked at in parts, windows spread over it, memory bounded."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio_assets.recordings.windows import WindowGrid, make_windows
from audio_assets.schemas import RECORDINGS

GIB = 1 << 30
SCRIPT = """
import resource, sys
from pathlib import Path
import numpy as np
from audio_assets.radio.statement import RadioSettings
from audio_assets.radio.verify import verify_iq
from audio_assets.recordings.decode import Reader
from audio_assets.radio.span import read_window
from audio_assets.transforms.registry import make_transform
stated = RadioSettings(sample_rate=1e6)
path = Path(sys.argv[1])
make_transform("iq_spectrogram")(np.ones((1, 32768), np.complex64))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
verdict = verify_iq(path, stated)
assert verdict.status == "ok", verdict
with Reader(path, stated) as reader:
    span = read_window(reader, 0, verdict.frames)
    make_transform("iq_spectrogram")(span[None])
    tail = reader.read_iq(verdict.frames - 10, 100)
    assert tail.shape == (1, 10) and abs(tail[0, -1] - (1 + 1j)) < 1e-6, tail
print(verdict.frames, verdict.recording_id, verdict.warning)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def sparse(path: Path, size: int) -> Path:
    """A file of zeros that ends with one sample of 1 + 1j; takes no room on the disk."""
    with path.open("wb") as stream:
        try:
            stream.truncate(size)
        except OSError:
            pytest.skip("this file system holds no sparse files")
        stream.seek(size - 8)
        stream.write(np.complex64(1 + 1j).tobytes())
    if path.stat().st_blocks * 512 > GIB:
        pytest.skip("this file system holds no sparse files")
    return path


def test_a_sparse_file_of_40_gib_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = sparse(tmp_path / "long.cf32", 40 * GIB)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=True
    )
    facts, grown_mb = done.stdout.splitlines()
    assert facts.startswith(str(40 * GIB // 8))
    assert "257 parts of 1 MiB" in facts
    assert int(grown_mb) < 200


def test_identity_of_a_large_file_depends_on_length_ends_and_parts(tmp_path: Path) -> None:
    from audio_assets.radio.statement import RadioSettings
    from audio_assets.radio.verify import verify_iq

    stated = RadioSettings(sample_rate=1e6)
    paths = [sparse(tmp_path / f"{n}.cf32", size) for n, size in enumerate((3 * GIB, 3 * GIB + 8))]
    first, longer = (verify_iq(path, stated).recording_id for path in paths)
    with paths[1].open("r+b") as stream:
        stream.seek((3 * GIB + 8) // 2)
        stream.write(b"\x01")
    assert len({first, longer, verify_iq(paths[1], stated).recording_id}) == 3


def recordings(*frames: int) -> "object":
    import pyarrow as pa

    rows = [
        {**dict.fromkeys(RECORDINGS.names), "recording_id": f"{n:064x}", "path": f"{n}", "bytes": 1,
         "sample_rate": 1000 * (n + 1), "channels": 1, "frames": count, "status": "ok"}
        for n, count in enumerate(frames)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=RECORDINGS)


def test_windows_in_samples_are_spread_over_a_long_recording() -> None:
    grid = WindowGrid.model_validate({"window_samples": 1000, "most": 5})
    windows = make_windows(recordings(10**10, 3000, 131), grid).to_pylist()  # type: ignore[arg-type]
    starts = [w["start_frame"] for w in windows]
    assert starts[0] == 0
    assert starts[4] == 10**10 - 1000
    assert np.diff(starts[:5]).min() > 2_000_000_000
    assert starts[5:] == [0, 1000, 2000, 0]
    assert windows[-1]["frames"] == 131


def test_a_grid_in_seconds_is_written_as_before() -> None:
    assert WindowGrid(window_s=5, hop_s=5).to_json() == (
        '{"hop_s": 5.0, "policy": "sliding", "tail": "overlap_back", "window_s": 5.0}'
    )
    grid = WindowGrid.model_validate({"window_samples": 1024, "most": 9})
    assert WindowGrid.from_json(grid.to_json()) == grid
