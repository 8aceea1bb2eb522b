"""What a person does in the App, in words."""

from __future__ import annotations

import time
from typing import Any

EMBEDDINGS = "[data-cy=panel-content-Embeddings]"
TILE = "[data-cy=looker], [data-cy=aa-tile]"
"""A picture of the grid: FiftyOne's own, or ours, which plays."""


class AppPage:
    """The App in a browser page (FiftyOne 1.22.1)."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self._asked: set[Any] = set()
        self._opened = ""
        page.on("request", lambda r: self._asked.add(r) if "/graphql" in r.url else None)
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: self._asked.discard(request))

    def open(self, url: str) -> None:
        self._opened = url
        self.page.goto(url, wait_until="domcontentloaded")
        self.page.wait_for_selector(TILE)

    @property
    def tiles(self) -> int:
        return self.page.locator(TILE).count()

    def wait_for_count(self, count: int) -> None:
        """Wait until the grid says that it shows `count` samples."""
        self.page.wait_for_function(
            "n => (document.querySelector('[data-cy=entry-counts]')?.innerText ?? '')"
            ".startsWith(n + ' sample')",
            arg=str(count),
        )

    def wait_until_answered(self) -> None:
        """Wait until the App asks its server nothing more about the data set, for half a second."""
        quiet, until = 0, time.monotonic() + 60
        while quiet < 5:
            assert time.monotonic() < until, [request.post_data for request in self._asked]
            self.page.wait_for_timeout(100)
            quiet = 0 if self._asked else quiet + 1

    def limit(self, count: int) -> None:
        """Make the first `count` samples the view."""
        self._set_view([{"_cls": "fiftyone.core.stages.Limit", "kwargs": [["limit", count]]}])

    def show_all(self) -> None:
        """Leave every view: the App's server would give it to the next page too."""
        self._set_view([])

    def _set_view(self, stages: list[dict[str, Any]]) -> None:
        self.page.evaluate(
            "view => { window.__foo__.executeOperator('set_view', {view}); }", stages
        )

    def wait_for_map(self, key: str, points: int, legend: str) -> None:
        """Wait until the Embeddings panel shows a run by itself; `legend` is in its legend.

        Where three programs fight for two processors, FiftyOne 1.22.1 loses what a workspace says
        of its panels in one of ten openings, and lists the runs instead; a person opens it again.
        """
        self._wait_for_panel(key)
        if not self._panel_shows(f"{points:,} points", seconds=20) and self._lists_maps():
            self.open(self._opened)
        for text in (key, f"{points:,} points", legend):
            self._wait_for_panel(text)

    def _lists_maps(self) -> bool:
        return self.page.locator(".emb-run-card").count() > 0

    def list_maps(self) -> None:
        """Go back from a run to the list of runs."""
        self.page.get_by_label("Back to visualizations").click()

    def plot(self, key: str, points: int) -> None:
        """Open a run in the Embeddings panel and wait for its points."""
        self.page.locator(".emb-run-card", has_text=key).click()
        self._wait_for_panel(f"{points:,} points")

    def color_by(self, path: str, expect: str) -> None:
        """Colour the points by a field; `expect` is a value of its legend."""
        panel = self.page.locator(EMBEDDINGS)
        panel.locator(".emb-colorby .emb-facet-trigger").first.click()
        panel.locator(f".emb-facet-row-label:text-is('{path}')").click()
        self._wait_for_panel(expect)

    def filter_label(self, field: str, value: str) -> None:
        """Search one value of a label field in the sidebar and choose it."""
        self.page.locator(f"[data-cy='sidebar-field-arrow-enabled-{field}']").click()
        search = self.page.locator(f"[data-cy='selector-sidebar-search-{field}.label']")
        search.click()
        search.fill(value)
        search.press("Enter")

    def _wait_for_panel(self, text: str, seconds: float = 60) -> None:
        self.page.wait_for_function(
            "([panel, text]) => document.querySelector(panel)?.innerText.includes(text)",
            arg=[EMBEDDINGS, text],
            timeout=1000 * seconds,
        )

    def _panel_shows(self, text: str, seconds: float) -> bool:
        from playwright.sync_api import TimeoutError as WaitedInVain

        try:
            self._wait_for_panel(text, seconds)
        except WaitedInVain:
            return False
        return True
