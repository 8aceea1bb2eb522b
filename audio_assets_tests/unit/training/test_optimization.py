"""Rates, groups and averages."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from audio_assets.models.encoder_config import audiomaepp_config
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets.training.optimization import (
    WeightAverage,
    decay_progress,
    parameter_groups,
    rate_factor,
)


def test_the_rate_warms_up_stays_and_falls_to_zero() -> None:
    factors = [rate_factor(epoch, 100, 0.3) for epoch in (0, 1, 2, 69, 85, 100)]
    assert factors == pytest.approx([0.0, 0.5, 1.0, 1.0, 0.5, 0.0])


def test_more_epochs_do_not_change_the_start() -> None:
    assert [rate_factor(e, 100, 0.3) for e in range(60)] == [
        rate_factor(e, 200, 0.3) for e in range(60)
    ]
    assert decay_progress(99, 100, 0.3) > 0.9


def test_lower_blocks_learn_slower_and_vectors_do_not_decay() -> None:
    encoder = SpectrogramEncoder(
        audiomaepp_config(width=64, depth=2, first_hidden=8, second_hidden=8, side=32)
    )
    groups = parameter_groups(encoder, nn.Linear(2, 2), 1.0, 0.5, 0.1)
    by_parameter = {id(group["params"][0]): group for group in groups}
    assert by_parameter[id(encoder.blocks[1].first.up.weight)]["base_lr"] == 1.0
    assert by_parameter[id(encoder.blocks[0].first.up.weight)]["base_lr"] == 0.5
    assert by_parameter[id(encoder.patch_embedding.weight)]["base_lr"] == 0.25
    assert by_parameter[id(encoder.norm.weight)]["weight_decay"] == 0.0
    assert by_parameter[id(encoder.cls_token)]["weight_decay"] == 0.0
    assert by_parameter[id(encoder.blocks[0].first.up.weight)]["weight_decay"] == 0.1
    assert len(groups) == len([*encoder.parameters()]) + 2


def test_the_average_follows_the_weights() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    average = WeightAverage(module, 0.9)
    nn.init.ones_(module.weight)
    values = []
    for _ in range(60):
        average.update(module)
        values.append(average.weights["weight"].item())
    assert values == sorted(values)
    assert values[-1] == pytest.approx(1.0, abs=0.01)
    restored = WeightAverage(module, 0.9)
    restored.load(average.state())
    assert torch.equal(restored.weights["weight"], average.weights["weight"])
