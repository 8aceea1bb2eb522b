"""A second look at an untouched folder is quick: equal table, no file opened, no pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile as sf

PROGRAM = """
import sys
from pathlib import Path
from audio_assets.recordings.scan import scan_folder
from audio_assets.recordings.short import flag_short
from audio_assets.recordings.windows import WindowGrid, with_grid
from audio_assets.storage import read_parquet, write_parquet

root, stored, look = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
grid = WindowGrid(policy="sliding", window_s=5.0, hop_s=5.0)
before = read_parquet(stored) if stored.is_file() else None
table = with_grid(flag_short(scan_folder(root, previous=before), grid), grid)
if look == "first":
    write_parquet(stored, table)
else:
    assert table.equals(before, check_metadata=True), "another table"
    assert "pandas" not in sys.modules, "pandas was imported"
"""


def test_a_second_look_gives_the_same_table_without_pandas(tmp_path: Path) -> None:
    root, stored = tmp_path / "sounds", tmp_path / "raw_audio.parquet"
    root.mkdir()
    for name, seconds in (("long.wav", 6), ("short.wav", 1)):
        sf.write(root / name, np.sin(np.arange(8000 * seconds) / 20), 8000)
    (root / "broken.wav").write_bytes(b"this is no sound")
    for look in ("first", "first", "again"):  # what was written just now is hashed once more
        call = [sys.executable, "-c", PROGRAM, str(root), str(stored), look]
        done = subprocess.run(call, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
