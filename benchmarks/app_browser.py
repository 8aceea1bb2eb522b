"""A real browser on a real App: Chromium without a network, one server for several data sets."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.case import Skipped

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
TILE = "[data-cy=aa-tile]"


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium: `AUDIO_ASSETS_CHROMIUM`, else the one on PATH.

    Raises:
        Skipped: there is none, or playwright is not installed.
    """
    named = os.environ.get("AUDIO_ASSETS_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise Skipped("playwright is not installed") from error
    if not found:
        raise Skipped("there is no Chromium on this machine")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def fresh_page(browser: Any) -> Iterator[Any]:
    """A page without any cache that reaches nothing but this machine."""
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    context.add_init_script("localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true');")
    context.route(lambda url: "//127.0.0.1" not in url, lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(120_000)
    try:
        yield page
    finally:
        context.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
