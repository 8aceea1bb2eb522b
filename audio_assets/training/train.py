"""One call from a folder of clips to an evaluated checkpoint directory."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

from audio_assets.models.encoder import load_encoder
from audio_assets.training.clips import fold_numbers
from audio_assets.training.evaluate import NeighbourScores, evaluate_checkpoint
from audio_assets.training.export import export_checkpoint
from audio_assets.training.recipe import read_training_clips, state_files, train_encoder
from audio_assets.training.settings import TrainingSettings
from audio_assets.training.tracking import tracked

logger = logging.getLogger(__name__)


def train(
    data: Path,
    out: Path,
    *,
    resume: bool = True,
    settings: TrainingSettings | None = None,
    test_fold: int | None = 5,
    track: str | None = None,
) -> NeighbourScores | None:
    """Pre-train, fine-tune, export and evaluate an encoder; the defaults reproduce the shipped one.

    Args:
        data: a folder in the ESC-50 layout; files of the test fold are opened only at the end.
        out: directory of the new checkpoint; its name becomes the checkpoint's.
        resume: continue a run that was stopped, saved beside `out`; False starts again.
        settings: the run's settings; the shipped checkpoint's where None.
        test_fold: fold to score the finished checkpoint on, or None for no scores.
        track: `mlflow` or `wandb` to follow the run there.

    Returns:
        The scores on the test fold, or None where there is none.

    Raises:
        UsageError: when there is no such tracker, or its package is not installed.
        RecordingError: when the folder is not in the layout or a clip cannot be decoded.
        CheckpointError: when a saved run belongs to other settings, or the result is not usable.
    """
    settings = settings or TrainingSettings()
    with tracked(track, out.name, settings) as tracker:
        scores = _train(data, out, settings, test_fold, resume=resume)
        if tracker is not None and scores is not None:
            tracker.scores(asdict(scores))
    return scores


def _train(
    data: Path, out: Path, settings: TrainingSettings, test_fold: int | None, *, resume: bool
) -> NeighbourScores | None:
    state_file = out.with_name(f".{out.name}.training.pt")
    encoder = train_encoder(
        read_training_clips(data, settings), settings, state_file, resume=resume
    )
    export_checkpoint(encoder, out)
    for path in state_files(state_file, settings):
        path.unlink(missing_ok=True)
    logger.info("checkpoint written to %s", out)
    if test_fold is None or test_fold not in fold_numbers(data):
        return None
    scores = evaluate_checkpoint(load_encoder(out), data, settings.train_folds, test_fold)
    logger.info(
        "fold %d: 5 nearest %.4f, precision at 20 %.4f, %d queries",
        test_fold,
        scores.knn5,
        scores.precision20,
        scores.queries,
    )
    return scores
