import shutil
from pathlib import Path

import pytest

from audio_assets.errors import CheckpointError, UsageError
from audio_assets.home import SHIPPED_CHECKPOINTS, Home
from audio_assets.models import manage
from audio_assets.models.registry import list_checkpoints, resolve_checkpoint
from audio_assets.models.scan import scan
from audio_assets.settings import load_settings

SHIPPED = "audiomaepp-esc10"
WEIGHTS = SHIPPED_CHECKPOINTS / SHIPPED / "weights.safetensors"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    """A home with one added checkpoint; probing takes a second, so once."""
    home = Home(tmp_path_factory.mktemp("added")).ensure()
    checkpoint, notice = manage.add(str(WEIGHTS), home, name="mine", licence="CC BY 4.0")
    return home, checkpoint, notice


def test_a_file_is_copied_recognised_probed_and_shown(added):
    home, checkpoint, notice = added
    assert checkpoint.card.dim == 768
    assert "CC BY 4.0" in notice
    assert (home.checkpoints / "mine" / "probe.json").is_file()
    facts = manage.show("mine", home)
    assert facts["card"]["licence"] == "CC BY 4.0"
    assert facts["probe"]["dim"] == 768
    assert facts["used_by"] == []


def test_a_licence_is_required_and_nothing_is_left_behind(home):
    with pytest.raises(UsageError, match="--licence"):
        manage.add(str(WEIGHTS), home, name="mine")
    assert list_checkpoints(home) == [SHIPPED]
    assert list(home.checkpoints.iterdir()) == []


def test_a_broken_file_is_refused_and_nothing_is_left_behind(home, tmp_path):
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="broken"):
        manage.add(str(broken), home, licence="unknown")
    assert list(home.checkpoints.iterdir()) == []


def test_a_taken_name_and_an_unknown_source_are_refused(added, home):
    with pytest.raises(UsageError, match="exists already"):
        manage.add(str(WEIGHTS), added[0], name="mine", licence="x")
    with pytest.raises(UsageError, match="exists already"):
        manage.add(str(WEIGHTS), home, name=SHIPPED, licence="x")
    with pytest.raises(UsageError, match=r"neither a file nor a recipe.*birdnet"):
        manage.add("no-such-thing", home, licence="x")


def test_remove_and_rename_refuse_while_embeddings_refer(added, tmp_path):
    home = Home(tmp_path / "copy")
    shutil.copytree(added[0].root, home.root)
    used = home.asset("embeddings", checkpoint="mine", folder="harbour")
    used.parent.mkdir(parents=True)
    used.touch()
    with pytest.raises(UsageError, match="harbour"):
        manage.remove("mine", home)
    with pytest.raises(UsageError, match="harbour"):
        manage.rename("mine", "yours", home)
    used.unlink()
    manage.set_default("mine", home)
    assert manage.rename("mine", "yours", home).card.name == "yours"
    assert manage.default_checkpoint(home) == "yours"
    manage.remove("yours", home)
    assert list_checkpoints(home) == [SHIPPED]
    assert manage.default_checkpoint(home) is None


def test_the_shipped_checkpoint_stays(home):
    for change in (lambda: manage.remove(SHIPPED, home), lambda: manage.rename(SHIPPED, "x", home)):
        with pytest.raises(UsageError, match="ships with"):
            change()


def test_the_default_is_used_where_none_is_named(added, monkeypatch):
    home = added[0]
    monkeypatch.delenv("AUDIO_ASSETS_CHECKPOINT", raising=False)
    assert load_settings(home=home.root).checkpoint == SHIPPED
    manage.set_default("mine", home)
    assert load_settings(home=home.root).checkpoint == "mine"
    monkeypatch.setenv("AUDIO_ASSETS_CHECKPOINT", SHIPPED)
    assert load_settings(home=home.root).checkpoint == SHIPPED
    with pytest.raises(CheckpointError, match="no checkpoint"):
        manage.set_default("absent", home)


def test_a_scan_gives_a_row_or_a_reason_for_every_file(tmp_path):
    shutil.copy(WEIGHTS, tmp_path / "good.safetensors")
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    (tmp_path / "notes.txt").write_text("no model")
    (tmp_path / ".hidden.pt").write_bytes(b"x")
    bad, good = scan(tmp_path)
    assert bad.problem
    assert good.facts["dim"] == 768
    assert not good.problem
    assert resolve_checkpoint(tmp_path / "good.safetensors").card.dim == 768
    with pytest.raises(UsageError, match="not a directory"):
        scan(tmp_path / "absent")
