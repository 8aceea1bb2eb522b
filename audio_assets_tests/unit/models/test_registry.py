"""Checkpoints are found by name or path; the home's come before the shipped ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audio_assets.errors import CardError, CheckpointError
from audio_assets.home import Home
from audio_assets.models import registry
from audio_assets.models.registry import (
    list_checkpoints,
    resolve_checkpoint,
    weights_sha256,
)


@pytest.fixture
def home(tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with the tiny checkpoint; nothing is shipped."""
    monkeypatch.setattr(registry, "SHIPPED_CHECKPOINTS", tmp_path / "shipped")
    home = Home(tmp_path / "home")
    shutil.copytree(tiny_checkpoint, home.checkpoints / "tiny")
    return home


def test_a_checkpoint_is_found_by_name_directory_card_and_file(home: Home) -> None:
    directory = home.checkpoints / "tiny"
    for what in ("tiny", directory, directory / "model.yaml"):
        found = resolve_checkpoint(what, home)
        assert (found.name, found.directory, found.proposed) == ("tiny", directory, False)
    bare = resolve_checkpoint(directory / "weights.safetensors", home)
    assert bare.proposed


def test_an_unknown_name_lists_the_known_ones(home: Home) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint 'other'.*Known: tiny"):
        resolve_checkpoint("other", home)


@pytest.mark.parametrize("name", ["", "../tiny", "a/b", "\0", "x" * 300])
def test_odd_names_are_refused_politely(home: Home, name: str) -> None:
    with pytest.raises(CheckpointError):
        resolve_checkpoint(name, home)


def test_a_bare_file_gets_a_proposed_card(home: Home) -> None:
    shutil.copy(
        home.checkpoints / "tiny" / "weights.safetensors",
        home.checkpoints / "My model (2).safetensors",
    )
    assert list_checkpoints(home) == ["My-model-2", "tiny"]
    found = resolve_checkpoint("My-model-2", home)
    assert found.proposed
    assert (found.card.kind, found.card.dim, found.card.licence) == ("audiomaepp", 128, "unknown")
    assert found.weights.is_file()


def test_the_home_comes_before_the_shipped(home: Home, tmp_path: Path) -> None:
    shutil.copytree(home.checkpoints / "tiny", tmp_path / "shipped" / "tiny")
    shutil.copytree(home.checkpoints / "tiny", tmp_path / "shipped" / "second")
    assert list_checkpoints(home) == ["second", "tiny"]
    assert resolve_checkpoint("tiny", home).directory == home.checkpoints / "tiny"


def test_directories_without_a_card_and_hidden_files_are_passed_over(home: Home) -> None:
    (home.checkpoints / "notes").mkdir()
    (home.checkpoints / ".half.pt").write_bytes(b"x")
    (home.checkpoints / "readme.txt").write_text("x")
    assert list_checkpoints(home) == ["tiny"]


def test_a_card_under_another_name_is_refused(home: Home) -> None:
    (home.checkpoints / "tiny").rename(home.checkpoints / "renamed")
    with pytest.raises(CardError, match="expected the name of its directory"):
        resolve_checkpoint("renamed", home)


def test_the_hash_follows_the_bytes(home: Home) -> None:
    checkpoint = resolve_checkpoint("tiny", home)
    before = weights_sha256(checkpoint)
    assert before == weights_sha256(checkpoint)
    checkpoint.weights.write_bytes(checkpoint.weights.read_bytes()[:-1] + b"\x01")
    assert weights_sha256(checkpoint) != before
    checkpoint.weights.unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        weights_sha256(checkpoint)
