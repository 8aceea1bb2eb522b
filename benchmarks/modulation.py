"""Which modulation is it? Accuracy against SNR, of a small classifier over embeddings.

    python benchmarks/modulation.py [--train 40] [--test 12] [--out FILE.json] [--plot FILE.png]

Nine classes are synthesized with carrier offset, phase, timing, symbol rate and shape drawn at
random. The shipped checkpoint, trained on sounds, is shown waterfall and constellation; a linear
probe and a fine-tuned head are trained on its vectors. Seeds of training and test never meet. The
features are kept in --cache, so that a run that was cut short goes on.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe

from audio_assets.models.encoder import load_encoder
from audio_assets.radio.classifier.features import IqFeatures
from audio_assets.radio.classifier.heads import FineTunedHead, predicted, train_linear
from audio_assets.radio.synthesis.signal import MODULATIONS, random_signal, synthesize

TEST_SEEDS = 1_000_000
TRAIN_SNR = (-10.0, 20.0)
SNRS = (-10, -5, 0, 5, 10, 15, 20)


def main() -> None:
    """Measure, print a table, write figures and plot."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--checkpoint", default="audiomaepp-esc10")
    parser.add_argument("--train", type=int, default=40, help="windows of each class")
    parser.add_argument("--test", type=int, default=12, help="windows of each class and SNR")
    parser.add_argument("--samples", type=int, default=32_768)
    parser.add_argument("--precision", default="auto", choices=("fp32", "bf16", "auto"))
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop computing features then")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    started = time.perf_counter()
    encoder: Any = load_encoder(options.checkpoint, device="cpu", precision=options.precision)
    features = IqFeatures(encoder)
    table: dict[str, np.ndarray] = {}
    wanted = [("train", s, None) for s in range(options.train)]
    wanted += [("test", TEST_SEEDS + s, snr) for s in range(options.test) for snr in SNRS]
    for kind, seed, snr in wanted:
        name = f"{kind}-{seed}-{snr}"
        table[name] = cached(options, name, features, seed, snr)
        if time.perf_counter() - started > options.seconds:
            print(f"stopped after {len(table)} of {len(wanted)}; run again")
            return
    found = evaluate(options, table)
    found |= {
        "precision": encoder.precision,
        "machine": describe(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    show(found)
    if options.out:
        options.out.write_text(json.dumps(found, indent=2) + "\n")
    if options.plot:
        draw(found, options.plot)


def cached(
    options: argparse.Namespace, name: str, features: IqFeatures, seed: int, snr: float | None
) -> np.ndarray:
    """Vectors of one window of each class: float32 [9, dim]."""
    path = options.cache / f"{name}.npy" if options.cache else None
    if path is not None and path.is_file():
        return np.load(path, allow_pickle=False)
    level = snr if snr is not None else float(np.random.default_rng([seed, 9]).uniform(*TRAIN_SNR))
    made = (synthesize(random_signal(m, level, seed, options.samples)) for m in MODULATIONS)
    vectors = features.of(made)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors)
    return vectors


def evaluate(options: argparse.Namespace, table: dict[str, np.ndarray]) -> dict[str, object]:
    """Train both heads, and count right answers per SNR."""
    classes = len(MODULATIONS)
    train = np.concatenate([table[f"train-{s}-None"] for s in range(options.train)])
    labels = np.tile(np.arange(classes), options.train)
    probe = train_linear(train, labels, classes)
    tuned = FineTunedHead(probe)
    tuned.train(train, labels)
    accuracy: dict[str, dict[str, float]] = {"linear_probe": {}, "fine_tuned_head": {}}
    confusion: dict[str, list[list[int]]] = {}
    truth = np.tile(np.arange(classes), options.test)
    for snr in SNRS:
        names = [f"test-{TEST_SEEDS + s}-{snr}" for s in range(options.test)]
        vectors = np.concatenate([table[name] for name in names])
        for name, head in (("linear_probe", probe), ("fine_tuned_head", tuned)):
            answers = predicted(head, vectors)
            accuracy[name][str(snr)] = round(float((answers == truth).mean()), 4)
            counts = np.zeros((classes, classes), int)
            np.add.at(counts, (truth, answers), 1)
            confusion[f"{name} {snr} dB"] = counts.tolist()
    return {
        "checkpoint": options.checkpoint, "classes": list(MODULATIONS), "samples": options.samples,
        "train_per_class": options.train, "train_snr_db": list(TRAIN_SNR),
        "test_per_class_and_snr": options.test, "accuracy": accuracy,
        "chance": round(1 / classes, 4),
        "confusion": {k: v for k, v in confusion.items() if k.endswith((" 0 dB", " 10 dB"))},
    }  # fmt: skip


def show(found: dict) -> None:
    """Print accuracies."""
    for name, values in found["accuracy"].items():
        print(name, *(f"{snr} dB: {value:.3f}" for snr, value in values.items()), sep="  ")


def draw(found: dict, path: Path) -> None:
    """Draw accuracy against SNR."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4), dpi=110)
    for (name, values), marker in zip(found["accuracy"].items(), "os", strict=True):
        axes.plot([int(s) for s in values], list(values.values()), marker + "-",
                  label=name.replace("_", " "))  # fmt: skip
    axes.axhline(found["chance"], color="grey", ls=":", label="chance")
    axes.axhline(0.9, color="grey", lw=0.5)
    count = found["test_per_class_and_snr"]
    axes.set(
        xlabel="SNR in the whole band (dB)", ylabel="accuracy", ylim=(0, 1.03),
        title=f"Nine modulations, {found['samples']:,} samples, {count} held-out windows each",
    )  # fmt: skip
    axes.legend()
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
