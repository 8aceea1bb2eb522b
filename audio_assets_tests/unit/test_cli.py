import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def audio_assets(
    *arguments: str, home: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "audio_assets", *arguments],
        env={**os.environ, "AUDIO_ASSETS_HOME": str(home), **environment},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_importing_the_package_brings_in_no_heavy_library():
    code = (
        "import sys, audio_assets, audio_assets.cli, audio_assets.models.registry\n"
        "heavy = {'torch', 'tensorflow', 'fiftyone', 'dagster', 'umap', 'librosa', 'sklearn'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_help_answers_quickly(tmp_path):
    audio_assets("--help", home=tmp_path)  # byte-compiled once
    before = os.times().children_user
    done = audio_assets("--help", home=tmp_path)
    used = os.times().children_user - before
    assert done.returncode == 0
    for command in ("run", "status", "search", "export", "app", "models", "train", "doctor"):
        assert command in done.stdout
    assert used < 1.0  # CPU-seconds, so that a busy machine does not matter; 0.3 measured


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "/no/such/folder"], "not a directory"),
        (["search", "--folder", "nothing", "--window-id", "x"], "nothing"),
        (["run"], "Missing argument"),
        (["export", "nothing", "--what", "raven", "-o", "x.txt"], "nothing"),
        (["export", "nothing", "--what", "sandwich", "-o", "x.txt"], "sandwich"),
    ],
)
def test_wrong_usage_is_a_sentence_and_status_two(arguments, says, tmp_path):
    done = audio_assets(*arguments, home=tmp_path)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--time-zone", "Mars/Olympus"], "Time zone 'Mars/Olympus' is unknown"),
        (["--time-pattern", "("], "not a regular expression"),
        (["--clock-drift", "3"], "needs a unit"),
        (["--clock-drift", "3 ppm"], "needs the reference time"),
    ],
)
def test_times_that_cannot_be_read_are_one_sentence_and_register_nothing(options, says, tmp_path):
    (tmp_path / "sounds").mkdir()
    done = audio_assets("run", str(tmp_path / "sounds"), *options, home=tmp_path / "home")
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "home" / "folders.yaml").exists()


def test_a_setting_that_cannot_be_used_is_named(tmp_path):
    done = audio_assets("status", home=tmp_path, AUDIO_ASSETS_BATCH_SIZE="lots")
    assert done.returncode == 2
    assert "AUDIO_ASSETS_BATCH_SIZE='lots'" in done.stderr


def test_status_of_an_empty_home_says_what_to_do(tmp_path):
    done = audio_assets("status", home=tmp_path)
    assert done.returncode == 0
    assert "audio-assets run FOLDER" in done.stdout
    assert json.loads(audio_assets("status", "--json", home=tmp_path).stdout) == {"folders": []}


def test_the_shipped_checkpoint_is_listed_from_any_home(tmp_path):
    done = audio_assets("models", "list", "--json", home=tmp_path)
    listed = {row["name"]: row for row in json.loads(done.stdout)["models"]}
    assert listed["audiomaepp-esc10"]["default"] is True
    assert listed["audiomaepp-esc10"]["dim"] == 768
    assert listed["audiomaepp-esc10"]["licence"]


def test_a_home_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = audio_assets("status", home=blocked / "home")
    assert done.returncode == 2
    assert "AUDIO_ASSETS_HOME" in done.stderr


def test_the_version_is_said(tmp_path):
    from importlib.metadata import version

    done = audio_assets("--version", home=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"audio-assets {version('audio-assets')}\n")
