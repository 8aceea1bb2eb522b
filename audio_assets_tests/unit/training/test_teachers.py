"""Teachers side by side: what they agree on is what is followed."""

import numpy as np
import pytest
import torch

from audio_assets.training.convolutional_teacher import ConvolutionalTeacher
from audio_assets.training.teachers import TeacherEnsemble
from audio_assets.training.texture_teacher import TextureTeacher

CLASSES = 7


@pytest.fixture(scope="module")
def ensemble() -> TeacherEnsemble:
    torch.manual_seed(3)
    members = [ConvolutionalTeacher(CLASSES), TextureTeacher(CLASSES), TextureTeacher(CLASSES)]
    return TeacherEnsemble(members).eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    drawn = np.random.default_rng(4).integers(0, 256, (5, 224, 224), dtype=np.uint8)
    return torch.from_numpy(drawn)


def vectors_of(ensemble: TeacherEnsemble, images: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return ensemble.vectors(images, ensemble.maps(images))


def test_beliefs_weigh_as_much_as_all_members_together(
    ensemble: TeacherEnsemble, images: torch.Tensor
) -> None:
    vectors = vectors_of(ensemble, images)
    assert vectors.shape == (5, ensemble.width)
    alike, beliefs = vectors[:, :-CLASSES], vectors[:, -CLASSES:]
    assert torch.allclose(alike.square().sum(1), torch.full((5,), 3.0), atol=1e-4)
    assert torch.allclose(beliefs.square().sum(1), torch.full((5,), 3.0), atol=1e-4)


def test_beliefs_are_the_mean_of_the_members(
    ensemble: TeacherEnsemble, images: torch.Tensor
) -> None:
    beliefs = vectors_of(ensemble, images)[:, -CLASSES:].square() / 3.0
    with torch.no_grad():
        members = [m for group in (ensemble.nets, ensemble.textures) for m in group]
        told = [(m.classifier(m.embed(images)) / 2.0).softmax(1) for m in members]  # pyright: ignore
    assert torch.allclose(beliefs, torch.stack(told).mean(0), atol=1e-4)


def test_a_picture_s_vector_does_not_depend_on_the_others(
    ensemble: TeacherEnsemble, images: torch.Tensor
) -> None:
    together = vectors_of(ensemble, images)
    alone = vectors_of(ensemble, images[2:3])
    assert torch.allclose(together[2:3], alone, atol=1e-3)
