"""One real run that the integration tests look at from many sides."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from audio_assets.home import Home
from audio_assets.orchestration.runner import RunReport
from audio_assets.settings import Settings
from audio_assets_tests.labelled_source import labelled_source

PER_CLASS = 6


@dataclass(frozen=True)
class FinishedRun:
    """A folder of 60 clips in the ESC-50 layout with one broken file, run to the end."""

    home: Home
    settings: Settings
    root: Path
    folder: str
    files: list[str]
    report: RunReport
    single_input: np.ndarray  # bool per window, in the order of the embeddings


@pytest.fixture(scope="session")
def labelled_clips(test_data: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty labelled clips and a custom column: real ones, or synthetic where there are none."""
    root = tmp_path_factory.mktemp("recordings") / "sixty-clips"
    (root / "audio").mkdir(parents=True)
    (root / "meta").mkdir()
    source, rows = labelled_source(test_data, tmp_path_factory, PER_CLASS)
    taken: dict[str, int] = {}
    chosen = []
    for row in rows:
        taken[row["category"]] = taken.get(row["category"], 0) + 1
        if taken[row["category"]] <= PER_CLASS and len(taken) <= 10:
            shutil.copy2(source / "audio" / row["filename"], root / "audio")
            chosen.append({**row, "recorder": "north" if len(chosen) % 2 else "south"})
    with (root / "meta" / "esc50.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(chosen[0]))
        writer.writeheader()
        writer.writerows(chosen)
    return root


@pytest.fixture(scope="session")
def finished_run(fiftyone_home: Home, labelled_clips: Path) -> FinishedRun:
    """Run everything once; the analyses are as a user would get them."""
    import audio_assets
    from audio_assets.encoding.window_arrays import WindowArrays
    from audio_assets.folders import FolderRegistry

    (labelled_clips / "audio" / "broken.wav").write_bytes(b"this is no sound")
    settings = Settings(home=fiftyone_home.root, device="cpu")
    FolderRegistry(fiftyone_home).register(labelled_clips, synthetic_geo=True)
    report = audio_assets.run(labelled_clips, settings=settings)
    files = sorted(
        f"audio/{p.name}" for p in (labelled_clips / "audio").iterdir() if p.name != "broken.wav"
    )
    windows, _ = audio_assets.load_embeddings(report.folder, settings=settings)
    arrays = WindowArrays.open(fiftyone_home.asset("spectrograms", folder=report.folder))
    inputs = dict(
        zip(*(arrays.index[c].to_pylist() for c in ("window_id", "n_inputs")), strict=True)
    )
    single = np.array([inputs[w] == 1 for w in windows["window_id"]])
    return FinishedRun(
        fiftyone_home, settings, labelled_clips, report.folder, files, report, single
    )
