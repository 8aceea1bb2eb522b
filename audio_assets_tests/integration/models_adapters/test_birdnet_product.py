"""BirdNET as a user has it: added by its recipe, run on a folder, its vectors read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import audio_assets
from audio_assets.home import Home
from audio_assets.models import manage
from audio_assets.orchestration.definitions import build_definitions
from audio_assets.orchestration.execution import run_checks
from audio_assets.orchestration.instance import open_instance
from audio_assets.orchestration.partitions import Partition
from audio_assets.settings import Settings


@pytest.mark.slow
def test_esc10_through_the_whole_product(
    wheel, fiftyone_home: Home, test_data: Path | None
) -> None:
    """A wrong tensor or rate cannot reach this: 5-NN, cosine, one fold against the others."""
    if test_data is None or not (test_data / "esc10" / "meta" / "esc50.csv").is_file():
        pytest.skip("no real ESC-10 recordings; set AUDIO_ASSETS_TEST_DATA")
    wheel("birdnet")
    _, notice = manage.add("birdnet", fiftyone_home)
    assert "CC BY-NC-SA" in notice
    settings = Settings(
        home=fiftyone_home.root, device="cpu", compute_umap=False, compute_tsne=False
    )
    report = audio_assets.run(
        test_data / "esc10", "birdnet", name="esc10-birdnet", settings=settings
    )
    assert (report.dim, report.failed, report.failed_checks) == (1024, [], [])
    accuracy = neighbour_accuracy(report.folder, settings)
    print(f"5-NN accuracy {accuracy:.4f} over folds, {report.windows} windows")
    assert accuracy >= 0.87
    with open_instance(fiftyone_home) as instance:
        checks = run_checks(
            build_definitions(settings), instance, ["model_checkpoint"],
            Partition(checkpoint="birdnet"),
        )  # fmt: skip
    assert {c.check_name: c.passed for c in checks} == {"probe": True, "golden_vector": True}


def neighbour_accuracy(folder: str, settings: Settings) -> float:
    """5-NN by cosine over clips (windows averaged), every fold against the other four."""
    windows, vectors = audio_assets.load_embeddings(folder, "birdnet", settings=settings)
    clips, of_clip = np.unique(windows["recording_id"].to_numpy(), return_inverse=True)
    means = np.stack([vectors[of_clip == clip].mean(axis=0) for clip in range(len(clips))])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    first = [int(np.flatnonzero(of_clip == clip)[0]) for clip in range(len(clips))]
    folds = windows["fold"].to_numpy()[first].astype(int)
    labels = windows["target"].to_numpy()[first].astype(int)
    scores = means @ means.T
    scores[folds[:, None] == folds[None, :]] = -2
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    votes = np.stack([np.bincount(labels[row], minlength=50) for row in nearest])
    return float((votes.argmax(axis=1) == labels).mean())
