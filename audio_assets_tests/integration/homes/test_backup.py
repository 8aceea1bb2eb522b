"""A home copied while it is in use, and restored on another path, is the home again."""

import shutil
import time
from pathlib import Path

import pytest

from audio_assets.backup import back_up
from audio_assets.catalogue.judgements import judge
from audio_assets.errors import UsageError
from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.reading import load_embeddings
from audio_assets.settings import load_settings
from audio_assets_tests.integration.homes.own_home import OwnHome
from audio_assets_tests.tiny_checkpoint import write_tiny_checkpoint
from audio_assets_tests.unit.recordings.sound_files import noise, write

CLIPS = 6
TAG = """
sample = fo.load_dataset("inside").first()
sample.tags = ["mine"]
sample.save()
print(1)
"""
TAGS = 'print(json.dumps(fo.load_dataset("inside").count_sample_tags()))'
SEEN = """
dataset = fo.load_dataset("inside")
print(json.dumps(sorted(zip(*dataset.values(["window_id", "filepath", "audio_filepath"])))))
"""

OPEN = """
from audio_assets.explore.environment import configure_fiftyone
from audio_assets.explore.moved_home import mend_paths
print(json.dumps(sorted(mend_paths(configure_fiftyone(Home.of()), Home.of()))))
"""


def lie_in(own, rows):
    """Whether all paths of these samples lie in the home and exist."""
    paths = [Path(path) for row in rows for path in row[1:]]
    return bool(paths) and all(p.is_relative_to(own.root) and p.is_file() for p in paths)


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A home with a folder inside of it and one outside, judged and tagged."""
    own = OwnHome(tmp_path_factory.mktemp("backup") / "home")
    write_tiny_checkpoint(own.home.ensure().checkpoints / "tiny")
    inside, outside = own.home.audio / "inside", own.root.parent / "outside"
    for i in range(CLIPS):
        write(inside / f"{i}.wav", noise(5, 22050, seed=i), 22050)
        write(outside / f"{i}.wav", noise(5, 22050, seed=50 + i), 22050)
    own.run(inside)
    own.run(outside)
    first = load_embeddings("inside", "tiny", settings=load_settings(home=own.root))[0].iloc[0]
    judge(own.home, "inside", "whale", {(first.window_id, first.path): "yes"}, by="Ana")
    own.python(TAG)
    yield own
    own.call("stop")


def test_a_home_in_use_is_copied_and_restored_on_another_path(used, tmp_path):
    before = used.python(SEEN)
    busy = used.start("run", str(used.root.parent / "outside"), "--checkpoint", "tiny", "--verify")
    time.sleep(2)
    copied = used.call("backup", str(tmp_path / "copy"))
    assert "AUDIO_ASSETS_HOME=" in copied
    assert busy.wait(300) == 0, "the home went on working"
    shutil.move(tmp_path / "copy", tmp_path / "restored")
    restored = OwnHome(tmp_path / "restored")
    try:
        assert FolderRegistry(restored.home).get("inside").root == restored.home.audio / "inside"
        assert restored.python(OPEN) == ["inside", "outside"]
        assert restored.python(OPEN) == [], "once is enough"
        assert lie_in(restored, restored.python(SEEN)), "the App shows them before any run"
        report = restored.run(restored.home.audio / "inside")
        assert (report["encoded"], report["reused"], report["failed"]) == (0, CLIPS, [])
        after = restored.python(SEEN)
        assert [row[0] for row in after] == [row[0] for row in before]
        assert lie_in(restored, after)
        assert restored.python(TAGS) == {"mine": 1}
        assert (restored.home.edits / "inside.jsonl").read_bytes() == (
            used.home.edits / "inside.jsonl"
        ).read_bytes()
        assert restored.run(used.root.parent / "outside")["encoded"] == 0
        assert used.python(SEEN) == before, "the first home is as it was"
    finally:
        restored.call("stop")


def test_what_is_no_place_for_a_copy_is_refused(used, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for target in (tmp_path / "full", used.root, used.home.data / "copy"):
        with pytest.raises(UsageError, match="Name a directory"):
            back_up(used.home, target)
    with pytest.raises(UsageError, match="not a home"):
        back_up(Home(tmp_path / "nothing"), tmp_path / "copy")


def test_the_copy_has_no_locks_and_no_state_of_processes(used, tmp_path):
    done = back_up(used.home, tmp_path / "copy")
    names = {path.name for path in done.target.rglob("*")}
    assert not names & {"locks", "mongod.pid", "mongod.json", "mongod.lock"}
    assert done.files == sum(path.is_file() for path in done.target.rglob("*"))
