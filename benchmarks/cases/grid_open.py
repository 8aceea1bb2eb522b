"""The App's grid on 10,000 windows against its time on 100: from navigation to painted tiles."""

from __future__ import annotations

import os
import time
from statistics import median
from typing import Any

from benchmarks.app_browser import chromium, free_port, fresh_page
from benchmarks.case import Outcome, Ratio, Setup
from benchmarks.shown_folder import CHECKPOINTS, ShownFolder

TITLE = "FiftyOne App: opening the grid"
PAINTED = """() => [...document.querySelectorAll('[data-cy=aa-tile] img')]
  .filter((image) => image.complete && image.naturalWidth > 0).length >= 12"""


def measure(setup: Setup) -> Outcome:
    """Open both data sets in turn, each time in a browser context of its own."""
    os.environ["HOME"] = str(setup.work)
    from audio_assets.explore.app import launch
    from audio_assets.explore.mongod import stop_database
    from audio_assets.home import Home

    home = Home((setup.work / "home").resolve()).ensure()
    sizes = {"small": 100, "large": 400 if setup.quick else 10_000}
    for key, count in sizes.items():
        ShownFolder(home, setup.work / key, key, count).write(CHECKPOINTS[:1]).sync()
    found: dict[str, list[float]] = {key: [] for key in sizes}
    try:
        with launch(home, "small", port=free_port(), wait=False) as app, chromium() as browser:
            for turn in range(2 if setup.quick else 6):
                for key in sizes:
                    took = _open(browser, app.url.replace("/small?", f"/{key}?"))
                    if turn:  # the first round of either warms the server
                        found[key].append(took)
    finally:
        stop_database(home)
    middle = {key: median(seconds) for key, seconds in found.items()}
    return Outcome(
        ratios=[
            Ratio(
                f"first tiles painted, {sizes['large']:,} windows ÷ 100",
                middle["large"] / middle["small"],
                1.2,
                at_least=False,
            )
        ],
        ours={
            "seconds": {k: [round(s, 3) for s in v] for k, v in found.items()},
            "median_seconds": {k: round(s, 3) for k, s in middle.items()},
        },
        notes=["Headless Chromium, software rendering, no cache; twelve tiles painted."],
    )


def _open(browser: Any, url: str) -> float:
    with fresh_page(browser) as page:
        began = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_function(PAINTED, polling="raf")
        return time.perf_counter() - began
