"""Runs followed by real trackers, offline."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from audio_assets.errors import UsageError
from audio_assets.training.record import record
from audio_assets.training.tracking import tracked


def test_figures_are_logged_and_handed_to_the_tracker_only_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from audio_assets.training.record import followed

    seen: list[tuple[str, int, dict[str, float]]] = []
    with caplog.at_level(logging.INFO), followed(lambda *figures: seen.append(figures)):
        record("finetune", 3, 80, loss=1.25, seconds=2.0)
    record("finetune", 4, 80, loss=1.0)
    assert seen == [("finetune", 3, {"loss": 1.25, "seconds": 2.0})]
    assert "finetune epoch 3/80 loss 1.25 seconds 2" in caplog.text


def test_an_unknown_tracker_and_a_missing_package_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(UsageError, match="known: mlflow, wandb"), tracked("csv", "x", {}):
        pass
    monkeypatch.setitem(__import__("sys").modules, "wandb", None)
    with pytest.raises(UsageError, match=r"audio-assets\[wandb\]"), tracked("wandb", "x", {}):
        pass


def test_mlflow_keeps_settings_figures_and_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip(
        "mlflow", reason="mlflow is not installed: pip install 'audio-assets[mlflow]'"
    )
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    with tracked("mlflow", "mine", {"seed": 51}) as tracker:
        record("finetune", 1, 2, loss=2.0)
        record("finetune", 2, 2, loss=1.0)
        assert tracker is not None
        tracker.scores({"knn5": 0.9})
    with pytest.raises(KeyboardInterrupt), tracked("mlflow", "stopped", {}):
        raise KeyboardInterrupt
    runs = {
        run.info.run_name: run
        for run in mlflow.MlflowClient().search_runs(
            [mlflow.get_experiment_by_name("audio-assets").experiment_id]
        )
    }
    assert runs["mine"].data.params == {"seed": "51"}
    assert runs["mine"].data.metrics == {"finetune/loss": 1.0, "test/knn5": 0.9}
    assert {name: run.info.status for name, run in runs.items()} == {
        "mine": "FINISHED", "stopped": "FAILED",
    }  # fmt: skip
    history = mlflow.MlflowClient().get_metric_history(runs["mine"].info.run_id, "finetune/loss")
    assert [(point.step, point.value) for point in history] == [(1, 2.0), (2, 1.0)]


def test_wandb_writes_an_offline_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed: pip install 'audio-assets[wandb]'")
    for name, value in {
        "WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_SILENT": "true",
        "WANDB_CACHE_DIR": str(tmp_path), "WANDB_CONFIG_DIR": str(tmp_path),
        "WANDB_DATA_DIR": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with tracked("wandb", "mine", {"seed": 51}) as tracker:
        record("finetune", 1, 1, loss=2.0)
        assert tracker is not None
        tracker.scores({"knn5": 0.9})
    [stored] = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    deadline = time.monotonic() + 30  # its own process writes the file
    while not all(name in stored.read_bytes() for name in (b"finetune/loss", b"test/knn5")):
        assert time.monotonic() < deadline, stored.read_bytes()
        time.sleep(0.05)
