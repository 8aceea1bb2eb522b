"""The harness, once for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audio_assets.home import Home
from audio_assets_tests.faults.harness import Harness
from audio_assets_tests.integration.orchestration.conftest import (
    CHECKPOINT,
    make_folder,
    sounds,
    tiny_checkpoint,
)

__all__ = ["sounds", "tiny_checkpoint"]


@pytest.fixture(scope="session")
def harness(
    fiftyone_home: Home, tiny_checkpoint: Path, sounds: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Harness]:  # fmt: skip
    """Seven clips and a file that is none, run once undisturbed."""
    scratch = tmp_path_factory.mktemp("faults")
    root = make_folder(scratch / "clips", sounds[:: max(1, len(sounds) // 7)][:7])
    (root / "audio" / "broken.wav").write_bytes(b"this is no sound")
    started = Harness(fiftyone_home, CHECKPOINT, root, scratch)
    yield started
    started.close()
