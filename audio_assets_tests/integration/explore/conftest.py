"""Data sets of the one FiftyOne home of the session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from audio_assets.home import Home
from audio_assets_tests.integration.explore.synthetic_folder import SyntheticFolder


@pytest.fixture
def make_folder(
    fiftyone_home: Home, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., SyntheticFolder]]:
    """Makes a synthetic folder; its data set is deleted afterwards."""
    import fiftyone as fo

    made: list[str] = []

    def make(count: int = 40, **options: Any) -> SyntheticFolder:
        key = f"{request.node.name[:60]}-{len(made)}".replace("[", "-").replace("]", "")
        made.append(key)
        return SyntheticFolder(key, tmp_path / key, count, **options)

    yield make
    for key in made:
        if fo.dataset_exists(key):
            fo.delete_dataset(key)
