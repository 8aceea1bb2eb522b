"""A folder of a dozen real clips for each file of tests, and a tiny checkpoint, run once."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from audio_assets.folders import FolderRegistry
from audio_assets.home import Home
from audio_assets.orchestration.runner import RunReport, run_folder
from audio_assets.running import register_folder
from audio_assets.settings import Settings, load_settings
from audio_assets_tests.labelled_source import labelled_source
from audio_assets_tests.tiny_checkpoint import write_tiny_checkpoint

CHECKPOINT = "tiny"
CLIPS = 12


@dataclass
class Chain:
    """One folder with one checkpoint in the session's home; `run` runs it end to end."""

    home: Home
    root: Path
    key: str
    spare: list[Path]
    options: dict[str, Any] = field(default_factory=dict)

    def settings(self, **changes: Any) -> Settings:
        return load_settings(home=self.home.root, device="cpu", **{**self.options, **changes})

    def run(self, *, verify: bool = False, **changes: Any) -> RunReport:
        return run_folder(self.home, self.key, CHECKPOINT, self.settings(**changes), verify=verify)

    def path(self, asset: str) -> Path:
        by_folder = asset in ("raw_audio", "metadata_table", "spectrograms")
        return self.home.asset(asset, folder=self.key, checkpoint=None if by_folder else CHECKPOINT)


@pytest.fixture(scope="session")
def sounds(
    test_data: Path | None, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """Rows of a labels table with the path of each clip: real ones where there are any."""
    source, rows = labelled_source(test_data, tmp_path_factory, 4)
    return [{**row, "source": source / "audio" / row["filename"]} for row in rows]


def make_folder(root: Path, rows: list[dict[str, Any]]) -> Path:
    """A folder in the ESC-50 layout with these clips; labels of all rows given."""
    (root / "audio").mkdir(parents=True)
    (root / "meta").mkdir()
    for row in rows:
        shutil.copy(row["source"], root / "audio" / row["filename"])
    write_labels(root, rows)
    return root


def write_labels(root: Path, rows: list[dict[str, Any]]) -> None:
    """`meta/esc50.csv`."""
    plain = [{k: v for k, v in row.items() if k != "source"} for row in rows]
    with (root / "meta" / "esc50.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(plain[0]))
        writer.writeheader()
        writer.writerows(plain)


@pytest.fixture(scope="session")
def tiny_checkpoint(fiftyone_home: Home) -> Path:
    """An AudioMAE++ of one narrow block with random weights: fast, deterministic, not constant."""
    return write_tiny_checkpoint(fiftyone_home.checkpoints / CHECKPOINT)


@pytest.fixture(scope="module")
def chain(
    fiftyone_home: Home, tiny_checkpoint: Path, sounds: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest,
) -> Chain:  # fmt: skip
    """A registered folder of twelve clips of several classes, one for each file of tests."""
    picked = sounds[:: max(1, len(sounds) // (CLIPS + 3))]
    name = request.module.__name__.rpartition(".")[2].replace("_", "-")
    root = make_folder(tmp_path_factory.mktemp("chain") / name, picked[:CLIPS])
    folder = register_folder(fiftyone_home, root, CHECKPOINT)
    spare = [row["source"] for row in picked[CLIPS:]]
    options = {"umap_n_neighbors": 5, "cluster_min_size": 3, "tsne_perplexity": 3.0}
    return Chain(fiftyone_home, root, folder.key, spare, options)


@pytest.fixture(scope="module")
def first_run(chain: Chain) -> RunReport:
    """The first run: everything is computed."""
    assert FolderRegistry(chain.home).get(chain.key).checkpoints == [CHECKPOINT]
    return chain.run()
