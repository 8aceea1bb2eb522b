"""Losses fall where they should."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from audio_assets.models.blocks.patches import cut_patches
from audio_assets.training.losses import (
    CosineClassifier,
    contrastive_loss,
    descriptors,
    imitation_loss,
    reconstruction_loss,
)


def test_patches_are_cut_as_a_convolution_reads_them() -> None:
    image, weight = torch.randn(2, 3, 32, 48), torch.randn(5, 3, 16, 16)
    expected = functional.conv2d(image, weight, stride=16).flatten(2).transpose(1, 2)
    found = cut_patches(image, (16, 16)) @ weight.flatten(1).T
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-4)


def test_only_hidden_patches_count_for_reconstruction() -> None:
    images = torch.randint(0, 256, (1, 32, 32), dtype=torch.uint8)
    patches = cut_patches(images[:, None].float() / 255, (16, 16))
    target = (patches - patches.mean(-1, keepdim=True)) / (
        patches.var(-1, keepdim=True) + 1e-4
    ).sqrt()
    mask = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    guess = target.clone()
    guess[:, 1] += 100
    assert reconstruction_loss(guess, images, mask, (16, 16)) < 1e-6
    guess[:, 2] += 1
    assert reconstruction_loss(guess, images, mask, (16, 16)) == pytest.approx(0.5, abs=1e-4)


def test_contrast_prefers_classes_that_lie_together() -> None:
    together = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    classes = torch.tensor([0, 0, 1, 1])
    assert contrastive_loss(together, classes) < contrastive_loss(
        together, torch.tensor([0, 1, 0, 1])
    )
    alone = contrastive_loss(together, torch.tensor([0, 1, 2, 3]))
    assert alone == 0


def test_imitation_is_perfect_for_the_teachers_own_vectors() -> None:
    target = torch.randn(6, 8)
    assert imitation_loss(target * 3, target * 2, target) == pytest.approx(0.0, abs=1e-5)
    assert imitation_loss(-target, target, target) > 1.9
    assert imitation_loss(target, torch.randn(6, 8), target) > 0.01


def test_scores_are_scaled_cosines() -> None:
    classifier = CosineClassifier(4, 3, scale=15.0)
    scores = classifier(5.0 * classifier.prototypes.detach())
    torch.testing.assert_close(scores.diagonal(), torch.full((3,), 15.0))


def test_descriptors_follow_the_band_and_the_rhythm() -> None:
    images = torch.zeros(1, 224, 224, dtype=torch.uint8)
    images[0, 16:24] = 255
    images[0, :, ::16] = 255
    found = descriptors(images)
    assert found.shape == (1, 84)
    assert found[0, :28].argmax() == 2
    assert found[0, 56:].argmax() == 14 - 1
