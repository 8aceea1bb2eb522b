"""Ten yes and ten no of one class of ESC-10, given in the App: how well is the rest ranked?"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import average_precision_score

from audio_assets.explore.app import App, launch
from audio_assets.explore.dataset import delete_dataset
from audio_assets.explore.mongod import ensure_database
from audio_assets.home import Home
from audio_assets.orchestration.runner import run_folder
from audio_assets.running import register_folder
from audio_assets.settings import load_settings
from audio_assets_tests.browser.conftest import free_port
from audio_assets_tests.browser.test_label_and_models import Labelling, dataset_of
from audio_assets_tests.labelled_source import labelled_source

PER_CLASS = 20
TEN = 10


@pytest.fixture(scope="module")
def app(
    fiftyone_home: Home, test_data: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, str, list[str]]]:
    """The App on 20 clips of each of the ten classes, under the checkpoint of the package."""
    root = tmp_path_factory.mktemp("few") / "ten-and-ten"
    classes = write_clips(root, test_data, tmp_path_factory)
    settings = load_settings(
        home=fiftyone_home.root, device="cpu", compute_tsne=False, compute_umap=False
    )
    folder = register_folder(fiftyone_home, root, settings.checkpoint)
    run_folder(fiftyone_home, folder.key, settings.checkpoint, settings, verify=False)
    with launch(fiftyone_home, folder.key, port=free_port(), wait=False) as server:
        yield server, folder.key, classes
    ensure_database(fiftyone_home)
    delete_dataset(fiftyone_home, folder.key)


def write_clips(
    root: Path, test_data: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """Clips with their table, held-out fold first; the classes."""
    source, rows = labelled_source(test_data, tmp_path_factory, PER_CLASS)
    rows.sort(key=lambda row: -int(row["fold"]))  # the checkpoint was not trained on fold 5
    chosen: list[dict[str, str]] = []
    for label in sorted({row["category"] for row in rows}):
        chosen += [row for row in rows if row["category"] == label][:PER_CLASS]
    (root / "audio").mkdir(parents=True)
    (root / "meta").mkdir()
    for row in chosen:
        shutil.copy2(source / "audio" / row["filename"], root / "audio")
    with (root / "meta" / "esc50.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(chosen[0]))
        writer.writeheader()
        writer.writerows(chosen)
    return sorted({row["category"] for row in chosen})


def shown(page: Any, sample_ids: list[str]) -> None:
    """Give the grid a view, as its view bar does, and wait for its tiles."""
    stage = {"_cls": "fiftyone.core.stages.Select", "kwargs": [["sample_ids", sample_ids]]}
    page.evaluate("view => { window.__foo__.executeOperator('set_view', {view}); }", [stage])
    page.wait_for_function(
        "ids => document.querySelectorAll('[data-cy=aa-tile]').length === ids.length"
        " && ids.every((id) => document.querySelector(`[data-cy=aa-tile][data-sample='${id}']`))",
        arg=sample_ids,
    )


@pytest.mark.slow
def test_ten_and_ten_rank_the_rest(app, page, screenshots):
    server, key, classes = app
    label = classes[0]
    page.set_viewport_size({"width": 1600, "height": 2600})  # the grid draws what is in sight
    view = Labelling(page)
    view.open(server.url)
    view.wait_for_count(PER_CLASS * len(classes))
    view.panel("Label a few, find the rest")
    page.locator("[data-cy=aa-who]").click()
    page.locator("[data-cy=aa-who-input]").fill("Ana")
    page.locator("[data-cy=aa-who-input]").press("Enter")
    page.locator("[data-cy=aa-label-class]").fill(label)
    dataset = dataset_of(key)
    yes = dataset.match({"label.label": label}).limit(TEN).values("id")
    no = dataset.match({"label.label": {"$ne": label}}).shuffle(seed=51).limit(TEN).values("id")
    for answer, chosen, counts in (("yes", yes, "10 yes · 0 no"), ("no", no, "10 yes · 10 no")):
        shown(page, chosen)
        view.mark(chosen, answer, counts)
    page.locator("[data-cy=aa-label-train]").click()
    view.says("aa-label-result", "Trained on 10 yes and 10 no")
    page.locator("[data-cy=aa-label-tab-best]").click()
    page.wait_for_selector("[data-cy=aa-label-tab-best][aria-pressed=true]")
    page.screenshot(path=screenshots / "ten_and_ten.png")

    rest = PER_CLASS * len(classes) - 2 * TEN
    ranked = ranking(page, view, rest)
    truth = dict(zip(*dataset.values(["path", "label.label"]), strict=True))
    positives = [truth[path] == label for path in ranked]
    assert sum(positives) == PER_CLASS - TEN
    found = average_precision_score(positives, range(rest, 0, -1))
    chance = sum(positives) / rest
    figures = {
        "class": label, "rest": rest, "average_precision": round(float(found), 4),
        "chance": round(chance, 4),
    }  # fmt: skip
    (screenshots / "ten_and_ten.json").write_text(json.dumps(figures, indent=2))
    assert found > 5 * chance


def ranking(page: Any, view: Labelling, count: int) -> list[str]:
    """Recordings from the most likely one on, page after page of the panel."""
    while len(view.paths()) < count:
        before = len(view.paths())
        page.locator("[data-cy=aa-label-more]").click()
        page.wait_for_function(
            "n => document.querySelectorAll('[data-cy=aa-label-card]').length > n", arg=before
        )
    return view.paths()
