"""The harness, once for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audio_assets.home import Home
from audio_assets_tests.faults.harness import Harness
from audio_assets_tests.integration.orchestration.conftest import make_folder, sounds
from audio_assets_tests.tiny_checkpoint import write_tiny_checkpoint

__all__ = ["sounds"]


@pytest.fixture(scope="session")
def harness(
    fiftyone_home: Home, sounds: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Harness]:
    """Seven clips and a file that is none, run once undisturbed, with a checkpoint of its own."""
    scratch = tmp_path_factory.mktemp("faults")
    root = make_folder(scratch / "clips", sounds[:: max(1, len(sounds) // 7)][:7])
    (root / "audio" / "broken.wav").write_bytes(b"this is no sound")
    checkpoint = write_tiny_checkpoint(fiftyone_home.checkpoints / "mortal").name
    started = Harness(fiftyone_home, checkpoint, root, scratch)
    yield started
    started.close()
