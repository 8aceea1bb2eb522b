"""The map, the clusters and the outliers in the App itself, without any network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from audio_assets.explore.app import App, launch
from audio_assets.explore.dataset import delete_dataset, open_dataset
from audio_assets.home import Home
from audio_assets_tests.browser.app_page import AppPage
from audio_assets_tests.browser.conftest import free_port
from audio_assets_tests.integration.explore.placed_folder import PlacedFolder

CANVAS = "[data-cy=aa-map-canvas]"
FACTS = "[data-cy=aa-map-facts]"


@pytest.fixture(scope="module")
def folder(
    browser, fiftyone_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PlacedFolder]:
    """24 clips of four classes on both sides of the 180th meridian and in Europe."""
    made = PlacedFolder(fiftyone_home, tmp_path_factory.mktemp("islands")).write()
    made.materialize()
    yield made
    delete_dataset(fiftyone_home, made.key)


@pytest.fixture
def islands(folder: PlacedFolder) -> Iterator[tuple[App, PlacedFolder]]:
    """The App on the folder; a server per test, because it keeps views and panels."""
    with launch(folder.home, folder.key, port=free_port(), wait=False) as server:
        yield server, folder


class Explorer(AppPage):
    """The panels of this package."""

    def open(self, url: str) -> None:
        self.page.goto(url, wait_until="domcontentloaded")
        self.page.wait_for_selector("[data-cy=aa-tile]")

    def panel(self, label: str) -> None:
        """Open a panel beside the grid, which stays in sight."""
        self.page.locator("[data-cy=new-panel-btn], [title='New panel']").last.click()
        self.page.get_by_text(label, exact=True).last.click()

    def filter_number(self, field: str, value: int, counts: tuple[int, ...]) -> None:
        """Restrict a field of numbers to one of them in the sidebar, its lower end first.

        `counts` are those of the grid after either step: the sidebar's scripts fail when the next
        one comes while they still ask for the field's bounds.
        """
        self.page.locator(f"[data-cy='sidebar-field-arrow-enabled-{field}']").click()
        for end, count in zip(("min", "max"), counts, strict=True):
            at = f"[data-cy='numeric-slider-container-{field}']"
            self.page.locator(f"{at} [data-cy=slider]").first.wait_for()
            self.wait_until_answered()
            box = self.page.locator(f"{at} input[placeholder={end}]")
            box.fill(str(value))
            box.press("Enter")
            self.wait_for_count(count)

    def map_says(self, text: str) -> None:
        self.page.wait_for_function(
            "([at, text]) => (document.querySelector(at)?.innerText ?? '').includes(text)",
            arg=[FACTS, text],
        )

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place is on the page."""
        box = self.page.locator(CANVAS).bounding_box()
        x, y = self.page.evaluate(
            "([at, lon, lat]) => document.querySelector(at).aaPixel(lon, lat)", [CANVAS, lon, lat]
        )
        return box["x"] + x, box["y"] + y

    def drag(self, *places: tuple[float, float]) -> None:
        """Draw over the map from place to place (longitude, latitude)."""
        points = [self.pixel(*place) for place in places]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=4)
        self.page.mouse.up()

    def choose(self, name: str) -> None:
        self.page.locator(f"[data-cy=aa-{name}]").click()

    def card(self, cluster: int) -> Any:
        return self.page.locator(f"[data-cy=aa-cluster-card][data-cluster='{cluster}']")


def test_boxes_and_lassos_on_the_map_become_views_without_a_network(islands, page, screenshots):
    server, folder = islands
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    view = Explorer(page)
    view.open(server.url)
    view.wait_for_count(folder.count)
    view.panel("World map")
    view.map_says("23 windows at 14 places")
    view.map_says("1 without coordinates")
    page.locator(CANVAS).screenshot(path=screenshots / "map.png")
    shades = np.asarray(Image.open(screenshots / "map.png").convert("RGB")).reshape(-1, 3)
    assert len(np.unique(shades, axis=0)) > 50, "sea, land and places are drawn"

    view.choose("map-box")
    view.drag((172, -5), (188, -25))  # across the 180th meridian: two recorders, 11 windows
    view.wait_for_count(11)
    view.map_says("11 of 23 windows chosen")
    view.choose("map-clear")
    view.wait_for_count(folder.count)

    view.choose("map-lasso")
    view.drag((2, 46.4), (14, 46.4), (14, 47.6), (2, 47.6), (2, 46.6))
    view.wait_for_count(6)
    assert labels_shown(page, folder, 6) == {"siren"}
    view.choose("map-clear")
    view.wait_for_count(folder.count)
    tiles = [url for url in asked if "mapbox" in url or "tile" in url]
    assert not tiles
    assert not [
        u for u in asked if "127.0.0.1" not in u and "fonts.g" not in u and "data:" not in u
    ]


def test_class_fold_and_box_work_together(islands, page):
    server, folder = islands
    dataset = open_dataset(folder.home, folder.key)
    view = Explorer(page)
    view.open(server.url)
    view.wait_for_count(folder.count)
    view.panel("World map")  # first: FiftyOne forgets filters when a panel is opened
    view.map_says("23 windows at 14 places")
    counts = (dataset.match({"fold": fold}).count() for fold in ({"$gte": 2}, 2))
    view.filter_number("fold", 2, tuple(counts))
    view.filter_label("label", "rain")
    rain = dataset.match({"label.label": "rain", "fold": 2})
    assert rain.count() == 2
    view.wait_for_count(2)
    view.map_says("2 windows at 1 place ")
    view.choose("map-fit")
    view.choose("map-box")
    view.drag((-179.496, -16.796), (-179.504, -16.804))
    view.map_says("2 of 2 windows chosen")
    view.wait_for_count(2)
    page.wait_for_function("document.querySelectorAll('[data-cy=aa-tile]').length === 2")
    view.choose("map-clear")
    view.map_says("2 windows at 1 place ")


def test_a_cluster_plays_and_its_name_is_a_label_that_survives_a_run(islands, page, screenshots):
    server, folder = islands
    view = Explorer(page)
    view.open(server.url)
    view.wait_for_count(folder.count)
    view.panel("Clusters")
    card = view.card(1)
    majority = card.locator("[data-cy=aa-cluster-majority]").inner_text()
    assert majority.startswith("100 % ")
    label = majority.removeprefix("100 % ")
    picture = card.locator("img").first
    picture.wait_for()
    page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
    with page.expect_response(lambda reply: "/audio_assets/sound/" in reply.url) as sound:
        card.locator("[data-cy=aa-play]").first.click()
    assert sound.value.status in (200, 206)
    card.locator("[data-cy=aa-play][aria-label=Stop]").first.wait_for()
    page.screenshot(path=screenshots / "clusters.png")

    card.locator("[data-cy=aa-cluster-show]").click()
    view.wait_for_count(6)
    assert labels_shown(page, folder, 6) == {label}
    card.locator("[data-cy=aa-cluster-clear]").click()
    view.wait_for_count(folder.count)

    card.locator("[data-cy=aa-cluster-rename]").click()
    card.locator("[data-cy=aa-cluster-label]").fill("night song")
    card.locator("[data-cy=aa-cluster-by]").fill("Ana")
    card.locator("[data-cy=aa-cluster-all]").click()
    named = card.locator("[data-cy=aa-cluster-named]")
    named.wait_for()
    assert "named by Ana on 20" in named.inner_text()
    dataset: Any = open_dataset(folder.home, folder.key)
    dataset.reload()
    assert dataset.count_values("label.label")["night song"] == 6
    lines = (folder.home.edits / f"{folder.key}.jsonl").read_text().splitlines()
    assert {json.loads(line)["by"] for line in lines} == {"Ana"}

    folder.materialize(clusters=2, seed=3)
    dataset.reload()
    counts = dataset.count_values("label.label")
    assert (counts["night song"], counts.get(label)) == (6, None)


def test_outliers_are_ranked_and_sort_the_grid(islands, page):
    server, folder = islands
    dataset = open_dataset(folder.home, folder.key)
    field = "outlier_score_tiny_mae"
    ranked = dataset.match({field: {"$gt": 0}}).sort_by(field, reverse=True)
    view = Explorer(page)
    view.open(server.url)
    view.wait_for_count(folder.count)
    view.panel("Outliers")
    rows = page.locator("[data-cy=aa-outlier]")
    rows.first.wait_for()
    assert rows.count() == ranked.count()
    assert ranked.first()["path"] in rows.first.inner_text()
    view.choose("outliers-show")
    view.wait_for_count(ranked.count())
    view.choose("outliers-clear")
    view.wait_for_count(folder.count)


def labels_shown(page: Any, folder: PlacedFolder, count: int) -> set[str]:
    """Labels of the samples of the grid, once it shows `count` tiles."""
    page.wait_for_function(
        "n => document.querySelectorAll('[data-cy=aa-tile]').length === n", arg=count
    )
    shown = page.eval_on_selector_all(
        "[data-cy=aa-tile]", "tiles => tiles.map((tile) => tile.dataset.sample)"
    )
    return set(open_dataset(folder.home, folder.key).select(shown).distinct("label.label"))
