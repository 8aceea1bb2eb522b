"""Label a few and find the rest; models, runs and added recordings: in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile as sf
import yaml

from audio_assets.catalogue.judgements import edits_of
from audio_assets.explore.app import App, launch
from audio_assets.explore.dataset import delete_dataset
from audio_assets.explore.mongod import ensure_database
from audio_assets.home import Home
from audio_assets.recordings.synthesize import RATE, synthesize_clip
from audio_assets_tests.browser.app_page import AppPage
from audio_assets_tests.browser.conftest import free_port
from audio_assets_tests.browser.sounding_folder import CLASSES, PER_CLASS, SoundingFolder

COUNT = len(CLASSES) * PER_CLASS
RUN_MS = 400_000
"""A whole run in a process of its own, on a machine that may be busy."""


@pytest.fixture(scope="module")
def app(
    browser, fiftyone_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, SoundingFolder]]:
    """The App on 24 sounds of four classes under two checkpoints."""
    folder = SoundingFolder(fiftyone_home, tmp_path_factory.mktemp("labels") / "sounds", "labels")
    folder.materialize()
    with launch(fiftyone_home, folder.key, port=free_port(), wait=False) as server:
        yield server, folder
    ensure_database(fiftyone_home)
    for key in (folder.key, "uploads"):
        delete_dataset(fiftyone_home, key)


class Labelling(AppPage):
    """What a person does in the two panels."""

    def panel(self, label: str) -> None:
        """Open a panel beside the grid."""
        self.page.locator("[data-cy=new-panel-btn], [title='New panel']").last.click()
        self.page.get_by_text(label, exact=True).last.click()

    def select(self, sample_ids: list[str]) -> None:
        """Select samples in the grid by their boxes."""
        from playwright.sync_api import TimeoutError as PlaywrightTimeout

        for sample in sample_ids:
            tile = self.page.locator(f"[data-cy=aa-tile][data-sample='{sample}']")
            whole = tile.locator("xpath=ancestor::*[.//*[@title='Select sample']][1]")
            for left in reversed(range(6)):
                tile.hover()
                try:  # the box is there while the mouse is over the tile, and the grid may redraw
                    whole.get_by_title("Select sample").click(force=True, timeout=10_000)
                    break
                except PlaywrightTimeout:
                    if not left:
                        raise
                    self.page.mouse.move(0, 0)
        self.says("aa-label-selected", f"{len(sample_ids)} selected")

    def mark(self, sample_ids: list[str], answer: str, counts: str) -> None:
        """Select samples and say yes or no."""
        self.select(sample_ids)
        self.page.locator(f"[data-cy=aa-label-{answer}]").click()
        self.says("aa-label-counts", counts)

    def says(self, name: str, text: str) -> None:
        """Wait until a part of the panel contains a text."""
        self.page.wait_for_function(
            "([at, text]) => (document.querySelector(at)?.innerText ?? '').includes(text)",
            arg=[f"[data-cy={name}]", text],
        )

    def paths(self) -> list[str]:
        """Recordings of the cards, in their order."""
        return self.page.eval_on_selector_all(
            "[data-cy=aa-label-card]", "cards => cards.map((card) => card.dataset.path)"
        )


def dataset_of(key: str) -> Any:
    """The data set as it is in the database now."""
    import fiftyone as fo  # configured for the home by then

    found: Any = fo.load_dataset(key)
    found.reload()
    return found


def samples_of(key: str, label: str, count: int) -> list[str]:
    dataset = dataset_of(key)
    return dataset.match({"label.label": label}).limit(count).values("id")


def test_three_yes_and_three_no_find_the_rest_and_become_a_checkpoint(app, page, screenshots):
    server, folder = app
    view = Labelling(page)
    view.open(server.url)
    view.wait_for_count(COUNT)
    view.panel("Label a few, find the rest")
    page.locator("[data-cy=aa-who]").click()
    page.locator("[data-cy=aa-who-input]").fill("Ana")
    page.locator("[data-cy=aa-who-input]").press("Enter")
    page.locator("[data-cy=aa-label-class]").fill("rain")

    view.mark(samples_of(folder.key, "rain", 3), "yes", "3 yes · 0 no")
    others = [samples_of(folder.key, label, 1)[0] for label in ("bell", "siren", "frog_croak")]
    view.mark(others, "no", "3 yes · 3 no")
    page.locator("[data-cy=aa-label-train]").click()
    view.says("aa-label-result", "Trained on 3 yes and 3 no")
    view.says("aa-label-quality", "too few to say how good it is")

    page.locator("[data-cy=aa-label-tab-best]").click()
    page.wait_for_selector("[data-cy=aa-label-tab-best][aria-pressed=true]")
    page.wait_for_function(
        "n => document.querySelectorAll('[data-cy=aa-label-card]').length === n && "
        "document.querySelector('[data-cy=aa-label-card]').dataset.path.includes('rain')",
        arg=COUNT - 6,
    )
    assert all("rain" in path for path in view.paths()[: PER_CLASS - 3]), "the rest comes first"
    page.locator("[data-cy=aa-label-card] [data-cy=aa-answer-yes]").first.click()
    page.wait_for_selector("[data-cy=aa-label-card][data-answer=yes]")
    view.says("aa-label-counts", "4 yes · 3 no")
    view.says("aa-label-train", "Train again (1 new)")
    page.screenshot(path=screenshots / "label.png")

    page.locator("[data-cy=aa-label-as]").fill("rain-finder")
    page.locator("[data-cy=aa-label-save]").click()
    page.wait_for_selector("[data-cy=aa-label-message]", timeout=RUN_MS)
    view.says("aa-label-message", "Saved as the checkpoint rain-finder")

    card = yaml.safe_load((folder.home.checkpoints / "rain-finder" / "model.yaml").read_text())
    assert (card["kind"], card["labels"]) == ("linear_probe", ["rain"])
    assert card["training"]["positives"] == 4
    said = [e for e in edits_of(folder.home, folder.key) if e["column"] == "is_rain"]
    assert len(said) == 7
    assert {e["by"] for e in said} == {"Ana"}
    dataset = dataset_of(folder.key)
    assert dataset.match({"is_rain": "yes"}).distinct("label.label") == ["rain"]
    assert len(dataset.match({"is_rain": "no"})) == 3


def test_models_are_listed_and_a_chosen_file_becomes_a_sample(app, page, screenshots, tmp_path):
    server, folder = app
    sound = Path(tmp_path / "../../etc" / "Früher Morgen.wav").name
    sf.write(tmp_path / sound, synthesize_clip("bell", 99, seconds=2.0), RATE)
    (tmp_path / "notes.wav").write_text("no sound at all")
    view = Labelling(page)
    view.open(server.url)
    view.wait_for_count(COUNT)
    view.panel("Models and jobs")
    page.wait_for_selector("[data-cy=aa-model][data-name=fake]")
    listed = page.locator("[data-cy=aa-models]").inner_text()
    assert "random weights of a test" in listed, "the licence is shown"
    assert f"{COUNT} windows" in listed

    page.locator("[data-cy=aa-choose-files]").set_input_files(
        [tmp_path / sound, tmp_path / "notes.wav"]
    )
    view.says("aa-arrived", "landed in uploads")
    view.says("aa-arrived", "This file cannot be used")
    run = page.locator("[data-cy=aa-run][data-folder=uploads]")
    run.wait_for()
    page.wait_for_selector("[data-cy=aa-run]:not([data-state=running])", timeout=RUN_MS)
    page.screenshot(path=screenshots / "models.png")
    assert run.get_attribute("data-state") == "finished", run.inner_text()

    dataset = dataset_of("uploads")
    assert dataset.values("original_name") == ["Früher Morgen.wav"]
    stored = list((folder.home.audio / "uploads").iterdir())
    assert [path.suffix for path in stored] == [".wav"]
    assert "Morgen" not in stored[0].name, "a name never becomes a path"
    page.locator("[data-cy=aa-run-open]").click()
    view.wait_for_count(1)
