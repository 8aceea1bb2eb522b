"""FR-4, FR-6, FR-8, FR-9 in the App itself: grid, embedding map and filters in a real browser."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from audio_assets.explore.app import App, launch
from audio_assets.explore.dataset import delete_dataset
from audio_assets.explore.mongod import database_status, ensure_database
from audio_assets.home import Home
from audio_assets_tests.browser.app_page import TILE, AppPage
from audio_assets_tests.browser.conftest import free_port
from audio_assets_tests.integration.explore.synthetic_folder import SyntheticFolder

COUNT = 60


@pytest.fixture(scope="module")
def app(
    browser, fiftyone_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, dict[str, str]]]:
    """The App on 60 synthetic samples; a server per module, because it keeps state."""
    folder = SyntheticFolder("garden", tmp_path_factory.mktemp("garden"), COUNT)
    report = folder.sync(fiftyone_home)
    with launch(fiftyone_home, folder.key, port=free_port(), wait=False) as server:
        yield server, report.brain_keys
    ensure_database(fiftyone_home)
    delete_dataset(fiftyone_home, folder.key)
    assert (fiftyone_home.fiftyone / "var" / "uid").is_file(), (
        "what FiftyOne notes lies in the home"
    )


def test_the_app_shows_spectrograms_the_map_by_class_and_filters(app, page, screenshots):
    server, keys = app
    view = AppPage(page)
    view.open(server.url)
    view.wait_for_count(COUNT)
    assert view.tiles >= 8
    view.wait_for_map(keys["umap"], COUNT, legend="rooster")
    tile = Image.open(io.BytesIO(page.locator(TILE).first.screenshot()))
    assert np.asarray(tile.convert("L"), float).std() > 20, "the spectrogram is drawn"
    page.screenshot(path=screenshots / "embeddings_by_label.png")

    view.filter_label("label", "rooster")
    view.wait_for_count(COUNT // 5)
    page.screenshot(path=screenshots / "filtered_by_label.png")


def test_the_embeddings_panel_belongs_to_the_person_once_the_map_was_shown(app, page):
    server, keys = app
    view = AppPage(page)
    view.open(server.url)
    view.wait_for_map(keys["umap"], COUNT, legend="rooster")
    view.list_maps()
    page.wait_for_timeout(2000)
    view.plot(keys["tsne"], COUNT)
    view.color_by("label.label", expect="rooster")


def test_views_that_were_shown_before_are_not_counted_again(app, page):
    server, _ = app
    view = AppPage(page)
    view.open(server.url)
    view.wait_for_count(COUNT)
    counted: list[str] = []
    page.on(
        "request",
        lambda request: (
            counted.append(str(request.post_data))
            if "query aggregationsQuery(" in (request.post_data or "")
            else None
        ),
    )
    for number in (10, 20, 30, 40, 50):
        counted.clear()
        view.limit(number)
        view.wait_for_count(number)
        page.wait_for_timeout(500)
    assert counted, "the view that is shown is counted"
    assert all('"limit",50' in question for question in counted)
    view.show_all()
    view.wait_for_count(COUNT)


def test_without_labels_the_map_is_by_cluster(browser, fiftyone_home, tmp_path, page):
    folder = SyntheticFolder("unlabelled", tmp_path, COUNT, labelled=False)
    keys = folder.sync(fiftyone_home).brain_keys
    with launch(fiftyone_home, folder.key, port=free_port(), wait=False) as server:
        view = AppPage(page)
        view.open(server.url)
        view.wait_for_map(keys["umap"], COUNT, legend="CLUSTER")
    delete_dataset(fiftyone_home, folder.key)


def test_the_app_opens_again_after_its_database_was_killed(app, page, fiftyone_home):
    server, _ = app
    pid = database_status(fiftyone_home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    view = AppPage(page)
    view.open(server.url)
    view.wait_for_count(COUNT)
    assert database_status(fiftyone_home).pid != pid
