"""`python -m audio_assets.training train DATA OUT` and `… evaluate CHECKPOINT DATA`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from audio_assets.errors import AudioAssetsError
from audio_assets.models.encoder import load_encoder
from audio_assets.training.evaluate import evaluate_checkpoint
from audio_assets.training.log import logged
from audio_assets.training.tracking import TRACKERS, tracked
from audio_assets.training.train import train


def main(arguments: list[str] | None = None) -> int:
    """Run a command; the scores go to standard output as JSON, the log to standard error.

    Args:
        arguments: command line; that of the process where None.

    Returns:
        Exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m audio_assets.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="make a checkpoint")
    training.add_argument("data", type=Path, help="a folder in the ESC-50 layout")
    training.add_argument("out", type=Path, help="directory of the new checkpoint")
    training.add_argument("--no-resume", action="store_true", help="start again")
    evaluation = commands.add_parser("evaluate", help="score a checkpoint by neighbours")
    evaluation.add_argument("checkpoint", help="name or path")
    evaluation.add_argument("data", type=Path, help="a folder in the ESC-50 layout")
    evaluation.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3, 4])
    evaluation.add_argument("--query-fold", type=int, default=5)
    for command in (training, evaluation):
        command.add_argument("--track", choices=sorted(TRACKERS), help="log the run there")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "train":
            with logged():
                scores = train(
                    chosen.data, chosen.out, resume=not chosen.no_resume, track=chosen.track
                )
        else:
            encoder = load_encoder(chosen.checkpoint)
            folds = tuple(chosen.folds)
            with tracked(chosen.track, f"evaluate {encoder.card.name}", vars(chosen)) as tracker:
                scores = evaluate_checkpoint(encoder, chosen.data, folds, chosen.query_fold)
                if tracker is not None:
                    tracker.scores(asdict(scores))
    except AudioAssetsError as error:
        print(f"audio_assets.training: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(asdict(scores) if scores else {}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
