"""One worker for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audio_assets_tests.hostile.trying import Trier


@pytest.fixture(scope="session")
def trier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trier]:
    """A process that puts folders through; faulty files stay in its scratch directory."""
    started = Trier(tmp_path_factory.mktemp("hostile"))
    yield started
    started.close()


@pytest.fixture(scope="session")
def real_clips(test_data: Path | None) -> Path | None:
    """A folder of short real recordings; None where there are none."""
    folder = test_data / "esc10" if test_data else None
    return folder if folder is not None and folder.is_dir() else None
