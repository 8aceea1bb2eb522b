import importlib
import sys
from pathlib import Path

import pytest

from audio_assets.explore.environment import _without, fiftyone_environment
from audio_assets.explore.mongod import OWN_VARIABLE, USER_VARIABLE, user_uri
from audio_assets.home import Home


def test_every_directory_lies_in_the_home_and_nothing_is_reported():
    environment = fiftyone_environment(Home(Path("/somewhere")))
    directories = [v for n, v in environment.items() if n.endswith(("_DIR", "_PATH"))]
    assert len(directories) == 10
    assert all(v.startswith("/somewhere/.fiftyone/") for v in directories)
    assert environment["FIFTYONE_DO_NOT_TRACK"] == "true"
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["FIFTYONE_DEFAULT_APP_ADDRESS"] == "127.0.0.1"


def test_our_own_uri_inherited_by_a_child_process_is_not_the_users(monkeypatch):
    monkeypatch.setenv(USER_VARIABLE, "mongodb://127.0.0.1:1")
    monkeypatch.setenv(OWN_VARIABLE, "mongodb://127.0.0.1:1")
    assert user_uri() is None
    monkeypatch.setenv(USER_VARIABLE, "mongodb://elsewhere")
    assert user_uri() == "mongodb://elsewhere"


def test_a_module_is_away_only_meanwhile():
    with _without("antigravity"), pytest.raises(ImportError):
        importlib.import_module("antigravity")
    assert "antigravity" not in sys.modules
    with _without("json"):
        assert importlib.import_module("json")
    assert "json" in sys.modules
