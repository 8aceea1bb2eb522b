"""t-SNE in another process is the same map, and nothing is lost when that process fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from audio_assets.analysis import tsne_apart, tsne_layout
from audio_assets.analysis.projection import TsneParameters, tsne_coordinates
from audio_assets.analysis.tsne_apart import tsne_begun, tsne_made
from audio_assets.storage import write_parquet
from audio_assets_tests.unit.analysis.test_projection import classes, table_of


def stored(directory: Path, count: int) -> tuple[Path, pa.Table]:
    table = table_of(classes(count, 16)[0])
    write_parquet(directory / "vectors.parquet", table)
    return directory / "vectors.parquet", table


def test_the_map_is_bit_for_bit_that_of_two_threads_here(tmp_path, monkeypatch):
    monkeypatch.setattr(tsne_layout, "LARGE", 100)  # the other process keeps to one thread
    path, table = stored(tmp_path, 300)
    with tsne_begun(path, "v1", TsneParameters()):
        made = tsne_made("v1", TsneParameters())
    assert made is not None
    assert made.equals(tsne_coordinates(table, threads=2), check_metadata=True)


def test_other_vectors_or_parameters_get_no_map(tmp_path):
    path, _ = stored(tmp_path, 12)
    with tsne_begun(path, "v1", TsneParameters()):
        assert tsne_made("v2", TsneParameters()) is None
        assert tsne_made("v1", TsneParameters(perplexity=5)) is None
    assert tsne_made("v1", TsneParameters()) is None


def test_a_process_that_fails_gives_no_map_and_says_so(tmp_path, caplog):
    with tsne_begun(tmp_path / "nothing.parquet", "v1", TsneParameters()):
        assert tsne_made("v1", TsneParameters()) is None
    assert "it is computed here" in caplog.text


def test_a_process_that_is_killed_gives_no_map(tmp_path):
    path, _ = stored(tmp_path, 5000)
    with tsne_begun(path, "v1", TsneParameters()):
        process = tsne_apart._begun["v1", TsneParameters()]
        process.kill()
        assert tsne_made("v1", TsneParameters()) is None


def test_something_else_is_done_while_the_map_is_awaited(tmp_path):
    path, table = stored(tmp_path, 300)
    done: list[int | None] = []
    with tsne_begun(path, "v1", TsneParameters()):
        process = tsne_apart._begun["v1", TsneParameters()]
        made = tsne_made("v1", TsneParameters(), meanwhile=lambda: done.append(process.poll()))
    assert done == [None]
    assert made is not None
    assert made.num_rows == table.num_rows


def test_nothing_else_is_done_where_nothing_is_awaited(tmp_path):
    done: list[int] = []
    assert tsne_made("v1", TsneParameters(), meanwhile=lambda: done.append(1)) is None
    path, _ = stored(tmp_path, 12)
    with tsne_begun(path, "v1", TsneParameters()):
        process = tsne_apart._begun["v1", TsneParameters()]
        process.kill()
        process.wait()
        assert tsne_made("v1", TsneParameters(), meanwhile=lambda: done.append(2)) is None
    assert not done


def test_a_map_that_nobody_takes_costs_nothing_afterwards(tmp_path):
    path, _ = stored(tmp_path, 5000)
    with tsne_begun(path, "v1", TsneParameters()):
        process = tsne_apart._begun["v1", TsneParameters()]
    assert process.poll() is not None
    assert not tsne_apart._begun


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to look for the process")
def test_the_process_ends_when_its_caller_is_killed(tmp_path):
    path, _ = stored(tmp_path, 5000)
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from audio_assets.analysis import tsne_apart as t\n"
        f"with t.tsne_begun(Path({str(path)!r}), 'v', t.TsneParameters()):\n"
        "    print(next(iter(t._begun.values())).pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    helper = int(caller.stdout.readline())
    time.sleep(2)
    assert _alive(helper)
    os.kill(caller.pid, signal.SIGKILL)
    caller.communicate()
    until = time.monotonic() + 20
    while _alive(helper) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _alive(helper)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_coordinates_of_few_windows_survive_the_way(tmp_path):
    path, table = stored(tmp_path, 3)
    with tsne_begun(path, "v1", TsneParameters()):
        made = tsne_made("v1", TsneParameters())
    assert made is not None
    assert np.isfinite(made["x"].to_numpy()).all()
    assert made.equals(tsne_coordinates(table), check_metadata=True)
