import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audio_assets.conformance.generate import registries, write_test
from audio_assets.errors import UsageError
from audio_assets.plugins import Registry

THIRD_PARTY = Path(__file__).resolve().parent.parent / "third_party"


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run with the third-party package installed."""
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(THIRD_PARTY), **environment},
    )  # fmt: skip


def test_a_decorator_registers_and_a_taken_name_is_refused():
    registry: Registry[object] = Registry("things", {"old": "pathlib:Path"})

    @registry.register("new")
    class New:
        pass

    assert registry.names() == ["new", "old"]
    assert registry.get("new") is New
    assert registry.get("old") is Path
    with pytest.raises(UsageError, match="belongs to"):
        registry.register("old")(New)
    with pytest.raises(UsageError, match="known: new, old"):
        registry.get("absent")
    registry.unregister("new")
    assert registry.names() == ["old"]


def test_every_kind_has_a_registry_and_built_in_plugins():
    found = registries()
    assert set(found) == {"models", "loaders", "places", "transforms", "visualisations"}
    assert "audiomaepp" in found["models"].names()
    assert {"logmel_image", "waveform"} <= set(found["transforms"].names())
    assert all(p.origin == "built in" for r in found.values() for p in r.plugins())


def test_a_third_party_package_is_found_by_its_entry_points(tmp_path):
    done = python("-m", "audio_assets.cli", "plugins", "list", "--json",
                  AUDIO_ASSETS_HOME=str(tmp_path))  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = {(p["kind"], p["name"]): p["origin"] for p in json.loads(done.stdout)["plugins"]}
    assert rows["transforms", "loudness"] == "tiny-plugin 0.1"
    assert rows["loaders", "name_is_label"] == "tiny-plugin 0.1"
    assert rows["transforms", "logmel_image"] == "built in"


def test_a_plugin_that_does_not_import_is_named_and_hurts_nobody_else(tmp_path):
    code = (
        "from pathlib import Path\n"
        "from audio_assets.loaders.registry import detect_loader, get_loader\n"
        f"Path({str(tmp_path)!r}, 'NAMES').touch()\n"
        f"print(detect_loader(Path({str(tmp_path)!r})))\n"
        "get_loader('broken')\n"
    )
    done = python("-c", code)
    assert done.stdout.strip() == "name_is_label"
    assert "'broken' of tiny-plugin 0.1 cannot be imported" in done.stderr


@pytest.mark.parametrize(
    "plugin", ["transforms:loudness", "visualisations:norms", "loaders:name_is_label"]
)
def test_the_third_party_plugins_pass_the_conformance_suite(plugin):
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs",
                  "audio_assets.conformance", AUDIO_ASSETS_PLUGIN=plugin)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


def test_a_plugin_that_breaks_the_contract_fails_the_suite(tmp_path):
    (tmp_path / "wrong.py").write_text(
        "from tiny_plugin import Loudness\n"
        "import numpy as np\n"
        "class Wrong(Loudness):\n"
        "    name = 'wrong'\n"
        "    def __call__(self, waveforms):\n"
        "        return super().__call__(waveforms) + np.random.rand()\n"
    )
    (tmp_path / "wrong-1.dist-info").mkdir()
    (tmp_path / "wrong-1.dist-info" / "METADATA").write_text("Name: wrong\nVersion: 1\n")
    (tmp_path / "wrong-1.dist-info" / "entry_points.txt").write_text(
        "[audio_assets.transforms]\nwrong = wrong:Wrong\n"
    )
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs",
                  "audio_assets.conformance", AUDIO_ASSETS_PLUGIN="transforms:wrong",
                  PYTHONPATH=f"{tmp_path}{os.pathsep}{THIRD_PARTY}")  # fmt: skip
    assert done.returncode == 1
    assert "test_it_is_deterministic" in done.stdout


@pytest.mark.parametrize("plugin", ["transforms:loudness", "visualisations:principal_components"])
def test_a_generated_test_file_runs(plugin, tmp_path):
    code = (
        "from pathlib import Path\n"
        "from audio_assets.conformance.generate import write_test\n"
        f"write_test({plugin!r}, Path({str(tmp_path / 'test_mine.py')!r}))\n"
    )
    assert python("-c", code).returncode == 0
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "test_mine.py"))
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_generator_refuses_what_it_cannot_write(tmp_path):
    with pytest.raises(UsageError, match="kind:name"):
        write_test("loudness", tmp_path / "x.py")
    with pytest.raises(UsageError, match="known"):
        write_test("transforms:absent", tmp_path / "x.py")
    (tmp_path / "x.py").touch()
    with pytest.raises(UsageError, match="exists"):
        write_test("transforms:logmel_image", tmp_path / "x.py")
