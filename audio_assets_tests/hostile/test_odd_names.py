"""Odd names, links and kinds of files: good sound arrives, the rest is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audio_assets.home import Home
from audio_assets.storage import read_parquet
from audio_assets_tests.hostile.odd_folder import make_odd_folder, sparse_wave, unlock
from audio_assets_tests.hostile.originals import wave_files
from audio_assets_tests.tiny_checkpoint import write_tiny_checkpoint

TABLE = (
    "filename,label,=1+1,_id,$where.x,path\n"
    "plain.wav,=cmd|' /C calc'!A0,@SUM(1),1,2,../../etc/passwd\n"
    "../../../etc/passwd,robin,,,,\n"
)


@pytest.fixture
def odd(tmp_path, real_clips):
    made = make_odd_folder(tmp_path / "odd", wave_files(60, real_clips), tmp_path / "outside")
    yield tmp_path / "odd", made
    unlock(tmp_path / "odd")


def test_good_files_become_rows_and_the_rest_is_named(trier, odd):
    root, made = odd
    found = trier.put_through(root)
    rows = found["rows"]
    assert found["faults"] == []
    assert found["named"] == []
    assert [name for name in made.good if rows.get(name, ["missing"])[0] == "failed"] == []
    assert set(made.good) <= set(rows)
    for name, part in made.named.items():
        assert rows[name][0] == "failed", name
        assert part in rows[name][1], name
    assert not set(made.silent) & set(rows)


def test_a_huge_file_of_nothing_takes_no_memory(trier, tmp_path):
    sparse_wave(tmp_path / "odd.wav", megabytes=512)
    (tmp_path / "root").mkdir()
    (tmp_path / "odd.wav").rename(tmp_path / "root" / "odd.wav")
    from audio_assets.recordings.scan import scan_folder
    from audio_assets_tests.hostile.memory import peak_while

    table, megabytes = peak_while(lambda: scan_folder(tmp_path / "root", workers=1))
    row = table.to_pylist()[0]
    assert (row["status"], row["frames"]) == ("ok", (512 << 20) // 2 - 22)
    assert "silent" in row["warning"]
    assert megabytes < 100


@pytest.mark.slow
def test_a_whole_run_over_odd_names_ends_well(odd, tmp_path):
    root, made = odd
    (root / "metadata.csv").write_text(TABLE)
    os.mkfifo(root / "plain.Table.1.selections.txt")
    (root / "new.gpx").symlink_to("new.gpx")
    (root / "plain.sigmf-meta").mkdir()
    before = tree(tmp_path / "outside"), tree(root)
    home = Home(tmp_path / "home").ensure()
    write_tiny_checkpoint(home.checkpoints / "tiny")
    done = ours(home, "run", str(root), "--checkpoint", "tiny")
    ours(home, "stop")
    assert done.returncode == 0, done.stderr[-3000:]
    rows = {r["path"]: r for r in read_parquet(home.asset("raw_audio", folder="odd")).to_pylist()}
    assert {rows[name]["status"] for name in made.good} <= {"ok", "duplicate"}
    assert {rows[name]["status"] for name in made.named} == {"failed"}
    vectors = read_parquet(home.asset("embeddings", folder="odd", checkpoint="tiny"))
    expected = {r["recording_id"] for r in rows.values() if r["status"] == "ok"}
    assert set(vectors["recording_id"].to_pylist()) == expected
    metadata = read_parquet(home.asset("metadata_table", folder="odd")).to_pylist()
    assert next(r["label"] for r in metadata if r["path"] == "plain.wav").startswith("=cmd")
    assert (tree(tmp_path / "outside"), tree(root)) == before
    assert {p.name for p in tmp_path.iterdir()} <= {"home", "odd", "outside", "user"}


def ours(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of ours in a home of its own."""
    user = home.root.parent / "user"
    return subprocess.run(
        [sys.executable, "-m", "audio_assets.cli", *arguments],
        env={**os.environ, "AUDIO_ASSETS_HOME": str(home.root), "HOME": str(user)},
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip


def tree(root: Path) -> list[str]:
    """Every name below a directory, and nothing through links."""
    return sorted(
        os.path.join(folder, name)  # noqa: PTH118
        for folder, folders, files in os.walk(root)
        for name in (*folders, *files)
    )
