"""Unusable files are refused with a reason, and nothing in them is run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from audio_assets.errors import CheckpointError
from audio_assets.models.checkpoint_file import read_encoder, read_state
from audio_assets.models.checkpoint_writer import audiomaepp_state
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder

State = dict[str, torch.Tensor]


@pytest.fixture
def state(tiny_model: SpectrogramEncoder) -> State:
    return audiomaepp_state(tiny_model)


def _saved(state: object, path: Path) -> Path:
    torch.save(state, path)
    return path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.pt does not exist"):
        read_state(tmp_path / "gone.pt")


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is a directory"):
        read_state(tmp_path)


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"model\.h5 is no model file by its name"):
        read_state(path)


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(CheckpointError, match="is empty"):
        read_state(tmp_path / name)


@pytest.mark.parametrize("name", ["a.pt", "a.pth", "a.bin", "a.safetensors"])
def test_random_bytes_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bytes(range(256)) * 20)
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        read_state(tmp_path / name)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_truncated_file_is_refused(tmp_path: Path, state: State, suffix: str) -> None:
    path = tmp_path / f"cut{suffix}"
    if suffix == ".pt":
        torch.save(state, path)
    else:
        save_file(state, path)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(CheckpointError, match="cut"):
        read_state(path)


class _Payload:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_runs_code_is_refused_and_not_run(tmp_path: Path, legacy: bool) -> None:
    target, path = tmp_path / "was_run", tmp_path / "evil.pt"
    if legacy:
        path.write_bytes(pickle.dumps({"weights": _Payload(target)}))
    else:
        torch.save({"weights": _Payload(target)}, path)
    with pytest.raises(CheckpointError, match=r"evil\.pt"):
        read_state(path)
    assert not target.exists()


@pytest.mark.parametrize("nesting", ["model_state_dict", "model", "state_dict", None])
def test_known_nestings_are_opened(tmp_path: Path, state: State, nesting: str | None) -> None:
    content = {nesting: state, "epoch": 3} if nesting else state
    read_encoder(_saved(content, tmp_path / "nested.pt"))


def test_the_old_torch_format_is_read(tmp_path: Path, state: State) -> None:
    path = tmp_path / "old.pt"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    assert read_state(path).keys() == state.keys()


def test_a_missing_encoder_tensor_is_named(tmp_path: Path, state: State) -> None:
    del state["encoder_blocks.1.ffn2.w_out.weight"]
    with pytest.raises(CheckpointError, match=r"lacks 1 tensors.*blocks\.1\.second\.out\.weight"):
        read_encoder(_saved(state, tmp_path / "a.pt"))


def test_a_missing_middle_block_is_noticed(tmp_path: Path, state: State) -> None:
    kept = {key: value for key, value in state.items() if "blocks.0.norm" not in key}
    with pytest.raises(CheckpointError, match="lacks 6 tensors"):
        read_encoder(_saved(kept, tmp_path / "a.pt"))


def test_an_unknown_tensor_is_refused(tmp_path: Path, state: State) -> None:
    state["encoder_blocks.0.attn.to_qkv.bias"] = torch.zeros(384)
    with pytest.raises(CheckpointError, match=r"to_qkv\.bias"):
        read_encoder(_saved(state, tmp_path / "a.pt"))


def test_the_decoder_is_left_out(tmp_path: Path, state: State) -> None:
    state["decoder_blocks.0.norm1.weight"] = torch.zeros(32)
    state["mask_token"] = torch.zeros(1, 1, 32)
    state["pred_head.bias"] = torch.full((768,), torch.nan)
    read_encoder(_saved(state, tmp_path / "a.pt"))


def test_a_wrong_shape_is_named(tmp_path: Path, state: State) -> None:
    state["encoder_blocks.1.ffn1.net.0.weight"] = torch.zeros(95, 128)
    with pytest.raises(CheckpointError, match=r"shape \(95, 128\); expected \(96, 128\)"):
        read_encoder(_saved(state, tmp_path / "a.pt"))


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_weights_that_are_not_finite_are_refused(
    tmp_path: Path, state: State, value: float
) -> None:
    state["encoder_norm.weight"][5] = value
    with pytest.raises(CheckpointError, match=r"norm\.weight.*NaN or infinite"):
        read_encoder(_saved(state, tmp_path / "a.pt"))


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    path = _saved(torch.nn.Linear(3, 4).state_dict(), tmp_path / "linear.pt")
    with pytest.raises(CheckpointError, match="unknown architecture"):
        read_encoder(path)


@pytest.mark.parametrize("content", [[], {}, torch.zeros(3), {"a": 1}, {"model": {"a": "b"}}])
def test_content_that_is_no_state_dict_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(CheckpointError, match="expected a dict of tensors"):
        read_encoder(_saved(content, tmp_path / "a.pt"))


def test_a_kind_that_contradicts_the_card_is_refused(tmp_path: Path, state: State) -> None:
    with pytest.raises(CheckpointError, match="its card says 'audiomae_baseline'"):
        read_encoder(_saved(state, tmp_path / "a.pt"), "audiomae_baseline")


def test_int8_rows_are_scaled_back(
    tmp_path: Path, state: State, tiny_model: SpectrogramEncoder
) -> None:
    key = "encoder_blocks.0.ffn1.net.0.weight"
    scale = state[key].abs().amax(dim=1) / 127
    stored = dict(state)
    stored[key] = (state[key] / scale[:, None]).round().to(torch.int8)
    stored[f"{key}.row_scale"] = scale
    save_file(stored, tmp_path / "a.safetensors")
    model, _ = read_encoder(tmp_path / "a.safetensors")
    difference = model.blocks[0].first.up.weight - tiny_model.blocks[0].first.up.weight
    assert difference.abs().max() <= scale.max() / 2 + 1e-7
    del stored[f"{key}.row_scale"]
    save_file(stored, tmp_path / "b.safetensors")
    with pytest.raises(CheckpointError, match="needs"):
        read_encoder(tmp_path / "b.safetensors")
