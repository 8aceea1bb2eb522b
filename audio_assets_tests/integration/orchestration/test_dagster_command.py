"""Dagster's own way in: the workspace validates, a partition is materialized from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.partitions import FOLDERS
from audio_assets.settings import PROJECT_DIR
from audio_assets.storage import read_parquet


def dagster(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Dagster's command on a home, as its daemon would."""
    return subprocess.run(
        [sys.executable, "-m", "dagster", *arguments],
        cwd=PROJECT_DIR,
        env={**os.environ, "DAGSTER_HOME": str(home), "AUDIO_ASSETS_HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


def test_the_workspace_validates(home: Home) -> None:
    with open_instance(home):
        pass
    done = dagster(home.root, "definitions", "validate", "-w", "workspace.yaml")
    assert done.returncode == 0, done.stderr
    assert "Validation successful" in done.stdout + done.stderr
    assert "BetaWarning" not in done.stderr


def test_a_partition_can_be_materialized_from_outside(
    home: Home, sounds: list[dict[str, Any]], tmp_path: Path
) -> None:
    root = tmp_path / "reef"
    root.mkdir()
    for row in sounds[:2]:
        shutil.copy(row["source"], root)
    FolderRegistry(home).register(root)
    with open_instance(home) as instance:
        instance.add_dynamic_partitions(str(FOLDERS.name), ["reef"])
    done = dagster(
        home.root, "asset", "materialize", "-m", "audio_assets.definitions",
        "--select", "raw_audio", "--partition", "reef",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert read_parquet(home.asset("raw_audio", folder="reef")).num_rows == 2
    with open_instance(home) as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.SUCCESS
        assert "audio_assets/pid" in run.tags
