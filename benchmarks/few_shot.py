"""How far a few labels go: average precision on the rest, class by class.

    audio-assets run ../shared/data/esc10
    python benchmarks/few_shot.py esc10 [--labels 10] [--seeds 5] [--out results.json]

For each class, ten windows of it and ten others are drawn at random, a linear probe is trained on
the twenty, and all remaining windows are ranked. The encoder of the shipped checkpoint was trained
with the labels of folds 1 to 4, so the figure that says what to expect of new sounds is the one on
fold 5, which it never saw; with eight clips of each class there, it is taken with four and four.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from audio_assets.analysis.fewshot.training import train_head
from audio_assets.models.linear_probe.head import center_of, directions
from audio_assets.reading import load_embeddings
from audio_assets.settings import load_settings

UNSEEN_FOLD = 5


def main() -> None:
    """Print a table, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", help="key of a folder with labels")
    parser.add_argument("--checkpoint", default=None)
    parser.add_argument("--labels", type=int, default=10, help="of each kind")
    parser.add_argument("--unseen-labels", type=int, default=4, help="of each kind, on fold 5")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    checkpoint = options.checkpoint or load_settings().checkpoint
    windows, vectors = load_embeddings(options.folder, checkpoint)
    labels = windows["label"].to_numpy(str)
    found = {
        "folder": options.folder, "checkpoint": checkpoint, "seeds": options.seeds,
        "windows": len(labels), "labels_of_each_kind": options.labels,
        "all": by_class(vectors, labels, options.labels, options.seeds),
    }  # fmt: skip
    unseen = windows["fold"].to_numpy() == UNSEEN_FOLD
    if unseen.any():
        found["unseen_fold"] = by_class(
            vectors[unseen], labels[unseen], options.unseen_labels, options.seeds
        )
    show(found)
    if options.out:
        options.out.write_text(json.dumps(found, indent=2) + "\n")


def by_class(vectors: np.ndarray, labels: np.ndarray, each: int, seeds: int) -> dict[str, object]:
    """Average precision of each class, mean over seeds, and the mean seconds of a training."""
    started = time.perf_counter()
    center = center_of(vectors)
    centred = directions(vectors, center)
    prepared = time.perf_counter() - started
    seconds: list[float] = []
    classes: dict[str, float] = {}
    for name in sorted(set(labels)):
        values = []
        for seed in range(seeds):
            before = time.perf_counter()
            values.append(one(centred, center, labels == name, each, seed))
            seconds.append(time.perf_counter() - before)
        classes[name] = float(np.mean(values))
    return {
        "labels_of_each_kind": each,
        "average_precision": classes,
        "mean": float(np.mean(list(classes.values()))),
        "prepare_s": prepared,
        "train_and_score_s": float(np.median(seconds)),
    }


def one(centred: np.ndarray, center: np.ndarray, wanted: np.ndarray, each: int, seed: int) -> float:
    """Average precision on what was not drawn, float in 0..1."""
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(seed)
    yes = rng.permutation(np.flatnonzero(wanted))[:each]
    no = rng.permutation(np.flatnonzero(~wanted))[:each]
    scores = train_head(centred, center, yes, no).scores_of(centred)[:, 0]
    rest = np.setdiff1d(np.arange(len(wanted)), np.concatenate([yes, no]))
    return float(average_precision_score(wanted[rest], scores[rest]))


def show(found: dict[str, object]) -> None:
    """The table."""
    parts = {key: found[key] for key in ("all", "unseen_fold") if key in found}
    for key, part in parts.items():
        assert isinstance(part, dict)
        print(f"{key}: {part['labels_of_each_kind']} yes and {part['labels_of_each_kind']} no")
        for name, value in part["average_precision"].items():
            print(f"  {name:20} {value:.3f}")
        print(f"  {'mean':20} {part['mean']:.3f}")
        print(f"  train and score {1000 * part['train_and_score_s']:.0f} ms")


if __name__ == "__main__":
    main()
