"""Tables of rotary positions: the same bits in every call of every process."""

import numpy as np
import pytest
import torch

from audio_assets.models.blocks.rotary import (
    cos_and_sin,
    inverse_frequencies,
    paired_tables,
    rotary_tables,
)


@pytest.mark.parametrize("head_dim", [16, 64])
def test_tables_are_rounded_correctly(head_dim):
    positions = torch.arange(197)
    angles = (positions.float()[:, None] * inverse_frequencies(head_dim)).numpy().astype(np.float64)
    expected = [f(angles).astype(np.float32) for f in (np.cos, np.sin)]
    for table, half in zip(rotary_tables(positions, head_dim), expected, strict=True):
        assert np.array_equal(table.numpy(), np.concatenate([half, half], axis=1))
    for table, whole in zip(
        paired_tables(positions, inverse_frequencies(head_dim)), expected, strict=True
    ):
        assert np.array_equal(table.numpy(), whole)


def test_frequencies_can_be_learned():
    angles = torch.tensor([0.0, 0.5, 2.0], requires_grad=True)
    cos, sin = cos_and_sin(angles)
    (cos.sum() + sin.sum()).backward()
    assert torch.allclose(angles.grad, angles.detach().cos() - angles.detach().sin())
