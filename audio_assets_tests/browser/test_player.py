"""Listening in the App: hover in the grid, and the player of the sample view, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audio_assets.explore.app import App, launch
from audio_assets.explore.dataset import delete_dataset
from audio_assets.home import Home
from audio_assets_tests.browser.app_page import AppPage
from audio_assets_tests.browser.conftest import free_port, new_page
from audio_assets_tests.integration.explore.sounding_folder import WINDOW_S, SoundingFolder

expect = pytest.importorskip("playwright.sync_api").expect

PLAYER = "[data-cy=aa-player]"
AUDIO = "[data-cy=aa-audio]"


@pytest.fixture(scope="module")
def app(
    browser, fiftyone_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, dict[tuple[str, float], str]]]:
    import fiftyone as fo

    folder = SoundingFolder(fiftyone_home, "heard", tmp_path_factory.mktemp("h") / "heard").write()
    folder.sync()
    dataset: Any = fo.load_dataset("heard")
    ids, paths, starts = dataset.values(["id", "path", "start_s"])
    with launch(fiftyone_home, "heard", port=free_port(), wait=False) as server:
        yield server, dict(zip(zip(paths, starts, strict=True), ids, strict=True))
    delete_dataset(fiftyone_home, "heard")


def audio(page: Any, selector: str = AUDIO) -> dict[str, Any]:
    return page.eval_on_selector(
        selector,
        "a => ({time: a.currentTime, duration: a.duration, paused: a.paused, "
        "failed: a.error && a.error.message, rate: a.playbackRate})",
    )


def wait_for(page: Any, condition: str, selector: str = AUDIO) -> None:
    page.wait_for_function(
        f"s => {{ const a = document.querySelector(s); return a && ({condition}) }}", arg=selector
    )


def open_sample(page: Any, sample: str) -> None:
    """Open a sample as the player's own buttons do, and wait for its sound."""
    page.evaluate("id => AA.openSample(id)", sample)
    page.wait_for_selector(f"{PLAYER}[data-sample='{sample}']")
    wait_for(page, "a.readyState > 0")


@pytest.fixture(scope="module")
def opened(browser: Any, app: tuple[App, dict[tuple[str, float], str]]) -> Iterator[Any]:
    """One page for the whole module, on the grid at first."""
    page, close = new_page(browser)
    AppPage(page).open(app[0].url)
    AppPage(page).wait_for_count(8)
    page.wait_for_selector("[data-cy=aa-tile]")
    yield page
    close()


def test_hovering_a_tile_plays_its_window(app, opened, screenshots):
    page, ids = opened, app[1]
    tile = page.locator(f"[data-cy=aa-tile][data-sample='{ids['dawn.wav', 0.0]}']")
    tile.hover()
    wait_for(page, "a.currentTime > 0.2", "[data-cy=aa-tile-audio]")
    heard = audio(page, "[data-cy=aa-tile-audio]")
    assert heard["duration"] == pytest.approx(WINDOW_S, abs=0.02)
    left = "parseFloat(document.querySelector('[data-cy=aa-playhead]').style.left)"
    page.wait_for_function(f"{left} > 5")
    page.screenshot(path=screenshots / "grid.png")
    page.mouse.move(2, 2)
    page.wait_for_selector("[data-cy=aa-tile-audio]", state="detached")

    tile.hover()
    page.locator("[data-cy=aa-hover-mute]").click()
    page.mouse.move(2, 2)
    tile.hover()
    page.wait_for_timeout(400)
    assert page.locator("[data-cy=aa-tile-audio]").count() == 0, "muted"
    page.locator("[data-cy=aa-hover-mute]").click()
    wait_for(page, "a.currentTime > 0", "[data-cy=aa-tile-audio]")


def test_the_player_shows_axes_seeks_and_plays_an_event(app, opened, screenshots):
    page, ids = opened, app[1]
    tile = page.locator(f"[data-cy=aa-tile][data-sample='{ids['dawn.wav', 0.0]}']")
    tile.click(position={"x": 60, "y": 60})
    page.wait_for_selector(PLAYER)
    wait_for(page, "a.readyState > 0")
    assert audio(page)["duration"] == pytest.approx(WINDOW_S, abs=0.02)
    assert "1 s" in page.locator("[data-cy=aa-time-axis]").inner_text()
    assert "2 kHz" in page.locator("[data-cy=aa-frequency-axis]").inner_text()

    box = page.locator("[data-cy=aa-spectrogram]").bounding_box()
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.2 * box["height"])
    assert audio(page)["time"] == pytest.approx(1.2, abs=0.02)
    page.keyboard.press(" ")
    wait_for(page, "!a.paused && a.currentTime > 1.3")
    page.keyboard.press(" ")
    wait_for(page, "a.paused")

    events = page.locator("[data-cy=aa-event]")
    expect(events).to_have_count(3)
    wren = page.locator("[data-cy=aa-event][data-label=wren]")
    inside = wren.bounding_box()
    assert (inside["x"] - box["x"]) / box["width"] == pytest.approx(0.25, abs=0.01)
    assert inside["width"] / box["width"] == pytest.approx(0.25, abs=0.01)
    bottom = 1 - (inside["y"] + inside["height"] - box["y"]) / box["height"]
    assert bottom * 11025 == pytest.approx(800, abs=100)
    page.eval_on_selector(
        AUDIO, "a => { window.heard = []; a.ontimeupdate = () => window.heard.push(a.currentTime) }"
    )
    wren.click()
    wait_for(page, "a.paused && a.currentTime >= 0.99")
    assert min(page.evaluate("window.heard.filter(t => t > 0)")) >= 0.49
    assert audio(page)["time"] == pytest.approx(1.0, abs=0.1)
    page.wait_for_selector("[data-cy=aa-neighbour] img")
    page.screenshot(path=screenshots / "player.png")

    page.locator("[data-cy=aa-event-filter]", has_text="robin").click()
    expect(events).to_have_count(1)


def test_a_range_is_drawn_with_the_mouse_and_repeats(app, opened):
    page, ids = opened, app[1]
    open_sample(page, ids["dawn.wav", 2.0])
    box = page.locator("[data-cy=aa-spectrogram]").bounding_box()
    y = box["y"] + 0.2 * box["height"]
    page.mouse.move(box["x"] + 0.5 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=4)
    page.mouse.up()
    chosen = page.locator("[data-cy=aa-range]").first
    assert float(chosen.get_attribute("data-from")) == pytest.approx(1.0, abs=0.02)
    assert float(chosen.get_attribute("data-to")) == pytest.approx(1.2, abs=0.02)
    page.locator("[data-cy=aa-loop]").click()
    page.eval_on_selector(
        AUDIO, "a => { window.back = 0; a.onseeked = () => { window.back += 1 } }"
    )
    page.locator("[data-cy=aa-toggle]").click()
    page.wait_for_function("window.back >= 2")
    assert 0.95 < audio(page)["time"] < 1.35
    assert "start=1" in page.locator("[data-cy=aa-download]").get_attribute("href")
    page.locator("[data-cy=aa-toggle]").click()

    page.locator("[data-cy=aa-around]").select_option("2")
    wait_for(page, "Math.abs(a.duration - 6) < 0.02")
    events = page.locator("[data-cy=aa-event]")
    expect(events, "the events around it, too").to_have_count(3)


def test_ultrasound_and_formats_that_browsers_do_not_know_play(app, opened, screenshots):
    page, ids = opened, app[1]
    for path in ("field.aiff", "old.au", "exact.wav", "bat.wav"):
        open_sample(page, ids[path, 0.0])
        assert audio(page)["duration"] == pytest.approx(WINDOW_S, abs=0.02), path
        page.keyboard.press(" ")
        wait_for(page, "a.currentTime > 0.1")
        assert audio(page)["failed"] is None
        page.keyboard.press(" ")
    page.locator("[data-cy=aa-slow-down]").click()
    wait_for(page, "Math.abs(a.duration - 20) < 0.05")
    assert audio(page)["rate"] == 1
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / "bat.png")


def test_what_is_similar_is_one_click_away(app, opened):
    page, ids = opened, app[1]
    first = ids["dawn.wav", 0.0]
    open_sample(page, first)
    page.wait_for_selector("[data-cy=aa-neighbour]")
    expect(page.locator("[data-cy=aa-neighbour]")).to_have_count(7)
    page.locator("[data-cy=aa-next-similar]").click()
    page.wait_for_selector(f"{PLAYER}:not([data-sample='{first}'])")
    page.locator("[data-cy=aa-previous-similar]").click()
    page.wait_for_selector(f"{PLAYER}[data-sample='{first}']")
