"""The plugin as it is written into a home."""

from __future__ import annotations

from pathlib import Path

import yaml

from audio_assets.explore.plugin.install import PLUGIN, SCRIPTS, bundle, install_plugin
from audio_assets.explore.plugin.registered import OPERATORS, PANELS, register
from audio_assets.home import Home


def test_the_plugin_names_everything_that_is_registered(tmp_path):
    plugins = install_plugin(Home(tmp_path))
    manifest = yaml.safe_load((plugins / "audio_assets" / "fiftyone.yml").read_text())
    assert manifest["name"] == PLUGIN
    assert manifest["panels"] == list(PANELS)
    assert manifest["operators"] == list(OPERATORS)
    assert (plugins / "audio_assets" / manifest["js_bundle"]).read_text() == bundle()
    assert "import register" in (plugins / "audio_assets" / "__init__.py").read_text()


def test_the_bundle_has_every_script_in_order():
    text = bundle()
    places = [text.index(f"// {path.name}\n") for path in sorted(SCRIPTS.glob("*.js"))]
    assert places == sorted(places)
    assert len(places) >= 8


def test_a_second_start_writes_nothing_and_a_change_is_written(tmp_path):
    target = install_plugin(Home(tmp_path)) / "audio_assets"
    before = {p: p.stat().st_mtime_ns for p in target.rglob("*") if p.is_file()}
    install_plugin(Home(tmp_path))
    assert {p: p.stat().st_mtime_ns for p in target.rglob("*") if p.is_file()} == before
    (target / "fiftyone.yml").write_text("old")
    install_plugin(Home(tmp_path))
    assert PLUGIN in (target / "fiftyone.yml").read_text()


def test_plugins_of_the_users_own_stay_usable(tmp_path):
    theirs = tmp_path / "mine" / "plugin"
    theirs.mkdir(parents=True)
    (theirs / "fiftyone.yml").write_text("name: mine\n")
    plugins = install_plugin(Home(tmp_path / "home"), tmp_path / "mine")
    assert (plugins / "yours" / "plugin" / "fiftyone.yml").read_text() == "name: mine\n"
    install_plugin(Home(tmp_path / "home"))
    assert not (plugins / "yours").exists()
    assert theirs.is_dir()


def test_a_part_that_cannot_be_loaded_leaves_the_others(monkeypatch, caplog):
    class Plugin:
        def __init__(self) -> None:
            self.found: list[type] = []

        def register(self, kind: type) -> None:
            self.found.append(kind)

    monkeypatch.setitem(PANELS, "broken", "audio_assets.nowhere:Broken")
    monkeypatch.setitem(PANELS, "works", "pathlib:Path")
    for known in set(PANELS) - {"broken", "works"}:
        monkeypatch.delitem(PANELS, known)
    for known in list(OPERATORS):
        monkeypatch.delitem(OPERATORS, known)
    plugin = Plugin()
    register(plugin)
    assert plugin.found == [Path]
    assert "broken" in caplog.text
