"""What is written is what is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from audio_assets.errors import CheckpointError
from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.models.checkpoint_writer import write_weights
from audio_assets.models.encoder_config import audiomaepp_config, baseline_config
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder


def test_float32_weights_come_back_exactly(tmp_path: Path, tiny_model: SpectrogramEncoder) -> None:
    write_weights(tiny_model, tmp_path / "a.safetensors", torch.float32)
    model, family = read_encoder(tmp_path / "a.safetensors")
    assert family.kind == "audiomaepp"
    assert model.config == tiny_model.config
    for name, value in tiny_model.named_parameters():
        assert torch.equal(model.get_parameter(name), value), name


def test_float16_weights_come_back_rounded_and_as_float32(
    tmp_path: Path, tiny_model: SpectrogramEncoder
) -> None:
    write_weights(tiny_model, tmp_path / "a.safetensors", torch.float16)
    model, _ = read_encoder(tmp_path / "a.safetensors")
    for name, value in tiny_model.named_parameters():
        found = model.get_parameter(name)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, value, rtol=1e-3, atol=1e-6)


def test_int8_weights_come_back_within_half_a_step_of_their_row(
    tmp_path: Path, tiny_model: SpectrogramEncoder
) -> None:
    write_weights(tiny_model, tmp_path / "a.safetensors")
    model, _ = read_encoder(tmp_path / "a.safetensors")
    for name, value in tiny_model.named_parameters():
        found = model.get_parameter(name)
        if value.ndim not in (2, 4):
            assert torch.equal(found, value), name
            continue
        step = value.flatten(1).abs().amax(dim=1) / 127
        error = (found - value).flatten(1).abs().amax(dim=1)
        assert bool((error <= 0.501 * step + 1e-9).all()), name


def test_weights_that_are_not_numbers_are_refused(
    tmp_path: Path, tiny_model: SpectrogramEncoder
) -> None:
    tiny_model.blocks[0].first.up.weight.data[0, 0] = float("nan")
    with pytest.raises(CheckpointError, match="NaN"):
        write_weights(tiny_model, tmp_path / "a.safetensors")


def test_an_absolute_table_beside_rotary_positions_comes_back(tmp_path: Path) -> None:
    config = audiomaepp_config(
        width=64, depth=1, first_hidden=8, second_hidden=8, side=32, position_table=True
    )
    write_weights(SpectrogramEncoder(config), tmp_path / "a.safetensors")
    assert read_encoder(tmp_path / "a.safetensors")[0].config == config


def test_weights_too_large_for_float16_are_refused(
    tmp_path: Path, tiny_model: SpectrogramEncoder
) -> None:
    tiny_model.blocks[0].first.up.weight.data[0, 0] = 1e5
    with pytest.raises(CheckpointError, match="too large"):
        write_weights(tiny_model, tmp_path / "a.safetensors", torch.float16)
    assert not (tmp_path / "a.safetensors").exists()


def test_another_form_is_refused(tmp_path: Path) -> None:
    model = SpectrogramEncoder(baseline_config(width=64, depth=1, first_hidden=8, side=32))
    with pytest.raises(CheckpointError, match="only the AudioMAE"):
        write_weights(model, tmp_path / "a.safetensors")
