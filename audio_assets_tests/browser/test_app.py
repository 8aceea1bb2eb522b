"""FR-4, FR-6, FR-8, FR-9 in the App itself: grid, embedding map and filters in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audio_assets.explore.app import App, launch
from audio_assets.explore.mongod import stop_database
from audio_assets.home import Home
from audio_assets_tests.browser.app_page import AppPage
from audio_assets_tests.browser.conftest import free_port

COUNT = 60
REPOSITORY = Path(__file__).resolve().parents[2]
MAKE = """
import json, sys
from pathlib import Path
from audio_assets.home import Home
from audio_assets_tests.integration.explore.synthetic_folder import SyntheticFolder
root = Path(sys.argv[1])
report = SyntheticFolder("garden", root / "garden", int(sys.argv[2])).sync(Home(root))
print(json.dumps(report.brain_keys))
"""


@pytest.fixture(scope="module")
def app(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, dict[str, str]]]:
    """The App on 60 synthetic samples; a process of its own, because the App keeps state."""
    root = tmp_path_factory.mktemp("app-home")
    home = Home(root).ensure()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(root / "user"))
        for name in ("FIFTYONE_DATABASE_URI", "AUDIO_ASSETS_DATABASE_URI"):
            patch.delenv(name, raising=False)
        made = subprocess.run(
            [sys.executable, "-c", MAKE, str(root), str(COUNT)],
            cwd=REPOSITORY, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        patch.setattr("audio_assets.explore.app.configure_fiftyone", _ensure_only)
        with launch(home, "garden", port=free_port(), wait=False) as app:
            yield app, json.loads(made.stdout.splitlines()[-1])
        stop_database(home)
    assert not (root / "user" / ".fiftyone").exists(), "FiftyOne wrote outside of the home"


def _ensure_only(home: Home) -> str:
    from audio_assets.explore.mongod import ensure_database

    return ensure_database(home)


def test_the_app_shows_spectrograms_the_map_by_class_and_filters(app, page, screenshots):
    server, keys = app
    view = AppPage(page)
    view.open(server.url)
    view.wait_for_count(COUNT)
    assert view.tiles >= 8
    loaded = page.evaluate(
        "async () => (await fetch(performance.getEntriesByType('resource')"
        ".find(e => e.name.includes('/media')).name)).headers.get('content-type')"
    )
    assert loaded == "image/png"

    view.plot(keys["umap"], COUNT)
    view.color_by("label.label", expect="rooster")
    page.screenshot(path=screenshots / "embeddings_by_label.png")

    view.filter_label("label", "rooster")
    view.wait_for_count(COUNT // 5)
    page.screenshot(path=screenshots / "filtered_by_label.png")


def test_the_grid_opens_again_after_the_database_was_killed(app, page):
    import os
    import signal

    from audio_assets.explore.mongod import database_status

    server, _ = app
    home = Home(server.log.parent.parent)
    pid = database_status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    view = AppPage(page)
    view.open(server.url)
    view.wait_for_count(COUNT)
