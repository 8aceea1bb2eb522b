"""Chromium without a network, and the App's server on a home of its own."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
SIZE = {"width": 1600, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def chromium() -> str | None:
    """The browser's executable: `AUDIO_ASSETS_CHROMIUM`, else Debian's."""
    named = os.environ.get("AUDIO_ASSETS_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; closed with its module, because its event loop would stop others from theirs."""
    executable = chromium()
    if executable is None or not Path(executable).is_file():
        pytest.skip(
            f"no Chromium ({executable or 'chromium is not on PATH'}): apt-get install chromium, "
            "or set AUDIO_ASSETS_CHROMIUM"
        )
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        instance = driver.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        yield instance
        instance.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that reaches nothing but this machine; an error of its scripts fails the test."""
    opened, close = new_page(browser)
    yield opened
    close()


def new_page(browser: Any) -> tuple[Any, Callable[[], None]]:
    """As the fixture `page`, for as long as one wants; and what closes it and looks for errors."""
    context = browser.new_context(viewport=SIZE)
    context.add_init_script(
        "localStorage.setItem('fiftyone-enterprise-tooltip-seen', 'true');"
        "localStorage.setItem('theme', '\"dark\"');"
    )
    context.route(lambda url: "//127.0.0.1" not in url, lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    race = "entry is loading"  # of FiftyOne's own router, when a view is set while a page loads

    def close() -> None:
        context.close()
        assert not [error for error in errors if error != race]

    return page, close


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the App are put (`AUDIO_ASSETS_SCREENSHOTS`)."""
    named = os.environ.get("AUDIO_ASSETS_SCREENSHOTS")
    path = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    path.mkdir(parents=True, exist_ok=True)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
