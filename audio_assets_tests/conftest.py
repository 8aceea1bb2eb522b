"""Fixtures that the whole suite shares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from audio_assets.home import Home

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def test_data() -> Path | None:
    """Directory of real recordings (`AUDIO_ASSETS_TEST_DATA`), or None where there are none."""
    path = Path(os.environ.get("AUDIO_ASSETS_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    return path if path.is_dir() else None


@pytest.fixture(scope="session")
def fiftyone_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The one home whose data sets this process can open: FiftyOne is configured at its import."""
    from audio_assets.explore.environment import load_fiftyone
    from audio_assets.explore.mongod import stop_database

    home = Home(tmp_path_factory.mktemp("fiftyone-home")).ensure()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home.root))
        patch.delenv("FIFTYONE_DATABASE_URI", raising=False)
        load_fiftyone(home)
        yield home
    from fiftyone.core.odm import database

    database._disconnect()  # or its exit handler waits for the stopped server
    stop_database(home)
