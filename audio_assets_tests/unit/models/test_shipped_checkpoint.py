"""The checkpoint that comes with the project is the one its card and README speak of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio_assets.home import SHIPPED_CHECKPOINTS
from audio_assets.models.encoder import load_encoder
from audio_assets.models.probe import check_golden, probe
from audio_assets.models.registry import DEFAULT_CHECKPOINT

DIRECTORY = SHIPPED_CHECKPOINTS / DEFAULT_CHECKPOINT


def test_it_passes_the_probe_and_gives_its_golden_vector() -> None:
    encoder = load_encoder(DIRECTORY, device="cpu")
    result = probe(encoder)
    assert result["dim"] == encoder.dim == 768
    assert check_golden(encoder, DIRECTORY) > 0.9999
    noise = np.random.default_rng(0).standard_normal((1, 110250)).astype(np.float32)
    images = encoder.transform(noise)
    assert encoder.forward_features(images).shape == (1, 197, 768)


def test_the_shipped_files_stay_small_and_licensed() -> None:
    files = [path for path in DIRECTORY.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60e6
    readme = (DIRECTORY / "README.md").read_text()
    assert "CC BY" in readme
    assert "Piczak" in readme


@pytest.mark.slow
def test_it_scores_on_the_unseen_fold_as_its_readme_says(test_data: Path | None) -> None:
    from audio_assets.training.evaluate import evaluate_checkpoint

    if test_data is None or not (test_data / "esc10" / "meta" / "esc50.csv").is_file():
        pytest.skip("no ESC-10 among the test data")
    encoder = load_encoder(DIRECTORY, device="cpu")
    scores = evaluate_checkpoint(encoder, test_data / "esc10", (1, 2, 3, 4), 5)
    readme = (DIRECTORY / "README.md").read_text()
    accuracy, precision = (
        float(next(line for line in readme.splitlines() if line.startswith(f"| {measure}"))
              .split("|")[2])
        for measure in ("5-nearest", "precision at 20")
    )  # fmt: skip
    assert scores.knn5 == pytest.approx(accuracy, abs=0.013)
    assert scores.precision20 == pytest.approx(precision, abs=0.005)
