"""Fixtures of the orchestration tests: a home, its definitions, a Dagster instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from audio_assets.home import Home
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.partitions import CHECKPOINTS, FOLDERS
from audio_assets.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", sensor_debounce_s=5.0)


@pytest.fixture
def home(settings: Settings) -> Home:
    return Home.of(settings).ensure()


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(load_settings(home=tmp_path_factory.mktemp("definitions")))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        found.add_dynamic_partitions(str(FOLDERS.name), ["reef", "wood"])
        found.add_dynamic_partitions(str(CHECKPOINTS.name), ["c1", "c2"])
        yield found
