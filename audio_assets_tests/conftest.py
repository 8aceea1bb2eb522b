"""Fixtures that the whole suite shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def test_data() -> Path | None:
    """Directory of real recordings (`AUDIO_ASSETS_TEST_DATA`), or None where there are none."""
    path = Path(os.environ.get("AUDIO_ASSETS_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    return path if path.is_dir() else None
