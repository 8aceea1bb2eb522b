"""The classifier over embeddings: features of both pictures, and two heads that learn from them."""

import numpy as np

from audio_assets.radio.classifier.features import IqFeatures
from audio_assets.radio.classifier.heads import FineTunedHead, predicted, train_linear
from audio_assets.radio.synthesis.signal import MODULATIONS, random_signal, synthesize
from audio_assets.transforms.registry import make_transform

EASY = ("am", "bpsk", "qpsk", "noise", "chirp")


class SmallPictures:
    """An encoder whose vector is the picture itself, made small."""

    dim = 256
    transform = make_transform("logmel_image", {"size": 64})

    def encode_inputs(self, inputs: np.ndarray) -> np.ndarray:
        small = inputs.astype(np.float32).reshape(len(inputs), 16, 4, 16, 4).mean(axis=(2, 4))
        return small.reshape(len(inputs), 256) + 1


def features_of(seeds: range, snr: float) -> tuple[np.ndarray, np.ndarray]:
    made = (
        synthesize(random_signal(modulation, snr, seed, 8192))
        for seed in seeds
        for modulation in MODULATIONS
        if modulation in EASY
    )
    return IqFeatures(SmallPictures()).of(made), np.tile(np.arange(len(EASY)), len(seeds))


def test_features_are_of_both_pictures_each_of_unit_length() -> None:
    features, labels = features_of(range(3), 20)
    assert features.shape == (15, 512)
    assert len(labels) == 15
    for half in (features[:, :256], features[:, 256:]):
        np.testing.assert_allclose(np.linalg.norm(half, axis=1), 1, atol=1e-5)
    assert IqFeatures(SmallPictures()).of([]).shape == (0, 512)


def test_both_heads_know_easy_modulations_of_other_seeds() -> None:
    features, labels = features_of(range(12), 15)
    unseen, truth = features_of(range(1000, 1008), 15)
    probe = train_linear(features, labels, len(EASY))
    tuned = FineTunedHead(probe)
    before = predicted(tuned, unseen)
    assert np.array_equal(before, predicted(probe, unseen))  # it starts from the probe
    tuned.train(features, labels)
    for head in (probe, tuned):
        assert (predicted(head, unseen) == truth).mean() >= 0.9
    again = FineTunedHead(probe)
    again.train(features, labels)
    assert np.array_equal(again.logits(unseen), tuned.logits(unseen))
    shuffled = np.random.default_rng(0).permutation(labels)
    nonsense = predicted(train_linear(features, shuffled, len(EASY)), unseen)
    assert (nonsense == truth).mean() < 0.6
