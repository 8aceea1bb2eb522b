"""Find similar, and two checkpoints side by side, in the App itself on synthesized sounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from audio_assets.explore.app import App, launch
from audio_assets.explore.dataset import delete_dataset
from audio_assets.explore.mongod import ensure_database
from audio_assets.home import Home
from audio_assets.recordings.synthesize import RATE, synthesize_clip
from audio_assets_tests.browser.conftest import free_port
from audio_assets_tests.browser.sounding_folder import (
    CLASSES,
    PER_CLASS,
    SECONDS,
    SoundingFolder,
)

COUNT = len(CLASSES) * PER_CLASS
FIELD = "similarity_fake"
FIRST, SECOND = "[data-cy=aa-scatter-first]", "[data-cy=aa-scatter-second]"


@pytest.fixture(scope="module")
def app(
    browser, fiftyone_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, SoundingFolder]]:
    """The App on a folder of sounds under two checkpoints."""
    folder = SoundingFolder(fiftyone_home, tmp_path_factory.mktemp("sounds") / "yard")
    folder.materialize()
    with launch(fiftyone_home, folder.key, port=free_port(), wait=False) as server:
        yield server, folder
    ensure_database(fiftyone_home)
    delete_dataset(fiftyone_home, folder.key)


@pytest.fixture
def dataset(app) -> Any:
    """The data set as it is in the database now."""
    import fiftyone as fo  # not before the session's home is configured

    found: Any = fo.load_dataset(app[1].key)
    found.reload()
    return found


def open_app(page: Any, server: App) -> None:
    page.goto(server.url, wait_until="domcontentloaded")
    page.wait_for_selector("[data-cy=aa-tile]")
    clear_view(page)  # the server remembers the view of the page before


def wait_for_count(page: Any, count: int) -> None:
    page.wait_for_function(
        "n => (document.querySelector('[data-cy=entry-counts]')?.innerText ?? '')"
        ".startsWith(n + ' sample')",
        arg=str(count),
    )


def clear_view(page: Any) -> None:
    page.locator("[data-cy=btn-clear-view-bar]").click()
    wait_for_count(page, COUNT)


def press(page: Any, text: str) -> None:
    """Press a button over the grid, also where it is hidden behind the arrow for want of room."""
    button = page.locator("[data-cy=fo-grid-actions]").get_by_text(text, exact=True)
    button.first.evaluate("element => element.click()")


def scores(dataset: Any, view: Any = None) -> dict[str, float]:
    """Score of each sample id that has one."""
    chosen = (dataset if view is None else view).exists(FIELD)
    return dict(zip(*chosen.values(["id", FIELD]), strict=True))


def labels_by_score(dataset: Any) -> list[str]:
    chosen = dataset.exists(FIELD).sort_by(FIELD, reverse=True)
    return chosen.values("label.label")


def test_similar_to_a_sample_is_a_sorted_view_that_can_be_saved(app, page, dataset, screenshots):
    server, _ = app
    open_app(page, server)
    sample = dataset.match({"filename": "rain-0.wav"}).first()
    tile = page.locator(f"[data-sample='{sample.id}']")
    tile.hover()
    tile.locator("xpath=ancestor::*[.//*[@title='Select sample']][1]").get_by_title(
        "Select sample"
    ).click(force=True)
    press(page, "Find similar")
    page.get_by_text("This sample").wait_for()
    page.locator("input[type=number]").fill("5")
    page.screenshot(path=screenshots / "similar_form.png")
    page.get_by_role("button", name="Find", exact=True).click()
    wait_for_count(page, 5)

    dataset.reload()
    assert labels_by_score(dataset) == ["rain"] * 5
    assert sample.id not in scores(dataset)

    press(page, "Save result")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as").first.wait_for()
    page.screenshot(path=screenshots / "similar.png")
    dataset.reload()
    (name,) = dataset.list_saved_views()
    assert name == "Similar to rain · rain-0.wav"
    saved = dataset.load_saved_view(name)
    kept = [f for f in dataset.get_field_schema() if f.startswith(f"{FIELD}_")]
    values = saved.values(kept[0])
    assert values == sorted(values, reverse=True)
    assert len(values) == 5
    clear_view(page)


def test_similar_to_an_uploaded_clip_finds_its_class(app, page, dataset, tmp_path):
    server, _ = app
    clip = tmp_path / "unheard.flac"
    sf.write(clip, synthesize_clip("rain", 99, seconds=SECONDS), RATE)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"this is no sound")
    open_app(page, server)
    for path, said in ((broken, "This clip cannot be used"), (clip, "sounds like unheard.flac")):
        press(page, "Find similar")
        page.get_by_text("A file", exact=True).click()
        page.locator("input[type=file]").set_input_files(path)
        page.get_by_text(path.name).first.wait_for()
        page.get_by_role("button", name="Find", exact=True).click()
        page.get_by_text(said).first.wait_for()
    wait_for_count(page, 20)
    dataset.reload()
    assert labels_by_score(dataset)[:PER_CLASS] == ["rain"] * PER_CLASS
    assert len(scores(dataset)) == 20
    clear_view(page)


def test_a_lasso_in_one_space_chooses_in_both_and_becomes_the_view(app, page, screenshots):
    server, _ = app
    open_app(page, server)
    page.locator("[data-cy=new-panel-btn]").last.click()
    page.get_by_text("Compare checkpoints", exact=True).first.click()
    page.wait_for_selector(SECOND)
    assert page.locator(FIRST).get_attribute("data-points") == str(COUNT)
    page.get_by_text("Neighbours of the same class").wait_for()

    before = np.frombuffer(page.locator(SECOND).screenshot(), np.uint8)
    box = page.locator(FIRST).bounding_box()
    x, y, w, h = (box[key] for key in ("x", "y", "width", "height"))
    corners = [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98)]
    page.mouse.move(x + corners[0][0] * w, y + corners[0][1] * h)
    page.mouse.down()
    for across, down in corners[1:]:
        page.mouse.move(x + across * w, y + down * h, steps=4)
    page.mouse.up()
    page.wait_for_selector("[data-cy=aa-show]")
    chosen = int(page.locator("[data-cy=aa-chosen]").inner_text().split(" ")[0])
    assert 0 < chosen < COUNT
    after = np.frombuffer(page.locator(SECOND).screenshot(), np.uint8)
    assert before.tobytes() != after.tobytes(), "the other map shows the choice, too"

    page.locator("[data-cy=aa-show]").click()
    wait_for_count(page, chosen)
    page.screenshot(path=screenshots / "compare.png")
    clear_view(page)
    page.locator("[data-cy=aa-clear]").click()
    page.locator("[data-cy=aa-keep]").click()
    page.get_by_text("Written to shared_fake_other").wait_for()


def test_the_map_in_three_dimensions_is_computed_on_request(app, page, screenshots):
    server, _ = app
    open_app(page, server)
    page.locator("[data-cy=new-panel-btn]").last.click()
    page.get_by_text("3-D map", exact=True).first.click()
    page.wait_for_selector("[data-cy=aa-map-3d]")
    page.locator("[data-cy=aa-map-3d] [data-cy=aa-kind]").select_option("tsne")
    page.locator("[data-cy=aa-compute]").click()
    canvas = page.wait_for_selector("[data-cy=aa-scatter-3d]")
    assert canvas.get_attribute("data-points") == str(COUNT)
    before = canvas.screenshot()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 130, box["y"] + 60, steps=3)
    page.mouse.up()
    page.wait_for_timeout(200)
    assert canvas.screenshot() != before, "dragging turns it"
    page.screenshot(path=screenshots / "map_3d.png")
