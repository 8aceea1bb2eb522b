"""AudioMAE: Meta's layouts, other geometries, the fine-tuned form."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from audio_assets.errors import CheckpointError, EncodingError
from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.models.encoder import load_encoder
from audio_assets_tests.unit.models.family_references import assert_parity, family_state
from audio_assets_tests.unit.models.family_states import State, audiomae_state
from audio_assets_tests.unit.models.parity import TOLERANCE, parity_folder, rule_input


def saved(state: object, folder: Path, name: str = "a.pth") -> Path:
    torch.save(state, folder / name)
    return folder / name


def test_the_published_file_gives_the_published_latent(test_data: Path | None) -> None:
    folder = parity_folder(test_data)
    references = np.load(folder / "references.npz")
    encoder = load_encoder(folder / "audiomae" / "small.pth", device="cpu")
    tokens = encoder.forward_features(rule_input(2, 1, 1024, 128) * 0.5)
    assert_parity(tokens, references, "audiomae/small")


def test_the_fine_tuned_form_gives_embedding_and_logits(
    tmp_path: Path, test_data: Path | None
) -> None:
    folder = parity_folder(test_data)
    references = np.load(folder / "references.npz")
    config = folder / "audiomae" / "small_finetuned_config.json"
    path = saved(family_state(config, "pos_embed", (8, 64)), tmp_path)
    encoder = load_encoder(path, device="cpu")
    inputs = (rule_input(2, 1, 1024, 128) * 0.5)[:, 0].numpy()
    found = {"embedding": encoder.encode_inputs(inputs), "logits": encoder.logits(inputs)}
    for what, vectors in found.items():
        expected = references[f"audiomae/small_finetuned/{what}"]
        np.testing.assert_allclose(vectors, expected, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(
    ("grid", "patch"), [((64, 8), 16), ((32, 8), 16), ((8, 8), 16), ((4, 5), 16), ((8, 16), 8)]
)
def test_the_geometry_is_read_from_the_table(
    tmp_path: Path, grid: tuple[int, int], patch: int
) -> None:
    state = audiomae_state(width=64, depth=1, grid=grid, patch=patch)
    model, family = read_encoder(saved({"model": state}, tmp_path))
    assert family.kind == "audiomae"
    assert model.config.image_size == (grid[0] * patch, grid[1] * patch)


def test_a_learned_table_is_read_as_128_bands(tmp_path: Path) -> None:
    state = audiomae_state(width=64, depth=1, grid=(6, 8))
    torch.nn.init.normal_(state["pos_embed"])
    model, _ = read_encoder(saved(state, tmp_path))
    assert model.config.image_size == (96, 128)
    state["pos_embed"] = torch.randn(1, 1 + 50, 64)
    with pytest.raises(CheckpointError, match="50 patches are no grid"):
        read_encoder(saved(state, tmp_path))


@pytest.mark.parametrize("prefix", ["", "module.", "encoder.", "model."])
def test_bare_and_wrapped_ports_load_from_safetensors(tmp_path: Path, prefix: str) -> None:
    state = audiomae_state(finetuned=True)
    wrapped = {prefix + key: value.contiguous() for key, value in state.items()}
    save_file(wrapped, tmp_path / "a.safetensors")
    encoder = load_encoder(tmp_path / "a.safetensors", device="cpu")
    assert (encoder.card.kind, encoder.card.pooling, encoder.dim) == ("audiomae", "fc_norm", 128)
    assert encoder.transform.output_shape == (64, 128)


def test_the_trainers_nesting_with_arguments_loads(tmp_path: Path) -> None:
    content = {
        "model": audiomae_state() | {"decoder_blocks.9.attn.logit_scale": torch.zeros(3)},
        "optimizer": {"state": {}, "param_groups": []},
        "scaler": {"scale": 65536.0},
        "args": argparse.Namespace(mask_ratio=0.8, output_dir=Path("out")),
    }
    _, family = read_encoder(saved(content, tmp_path))
    assert family.kind == "audiomae"


def test_missing_and_unknown_keys_are_named_as_published(tmp_path: Path) -> None:
    state = audiomae_state()
    del state["blocks.1.mlp.fc2.bias"]
    with pytest.raises(CheckpointError, match=r"'blocks\.1\.mlp\.fc2\.bias'"):
        read_encoder(saved(state, tmp_path))
    state = audiomae_state() | {"blocks.0.attn.gate": torch.zeros(3)}
    with pytest.raises(CheckpointError, match=r"blocks\.0\.attn\.gate"):
        read_encoder(saved(state, tmp_path))
    both: State = audiomae_state() | {"fc_norm.weight": torch.ones(128)}
    with pytest.raises(CheckpointError, match="both"):
        read_encoder(saved(both, tmp_path))


def test_a_head_without_its_own_norm_reads_the_cls_token(tmp_path: Path) -> None:
    state = audiomae_state(classes=5)
    encoder = load_encoder(saved(state, tmp_path), device="cpu")
    inputs = np.random.default_rng(0).standard_normal((2, 64, 128)).astype(np.float32)
    cls = encoder.forward_features(inputs)[:, 0]
    expected = cls @ state["head.weight"].T + state["head.bias"]
    np.testing.assert_allclose(encoder.logits(inputs), expected.numpy(), atol=1e-5)


def test_an_encoder_has_no_logits(tmp_path: Path) -> None:
    encoder = load_encoder(saved(audiomae_state(), tmp_path), device="cpu")
    with pytest.raises(CheckpointError, match="no classification head"):
        encoder.logits(np.zeros((1, 64, 128), dtype=np.float32))


def test_a_short_sound_is_padded_in_the_spectrogram(tmp_path: Path) -> None:
    encoder = load_encoder(saved(audiomae_state(), tmp_path), device="cpu")
    short = np.random.default_rng(2).standard_normal((1, 6000)).astype(np.float32) * 0.1
    inputs = encoder.transform(short)
    assert np.ptp(inputs[0, 36:]) == 0
    np.testing.assert_allclose(
        encoder.encode(short, 16000), encoder.encode_inputs(inputs), atol=1e-6
    )


def test_inputs_of_the_trainers_own_shape_are_taken(tmp_path: Path) -> None:
    encoder = load_encoder(saved(audiomae_state(finetuned=True, classes=3), tmp_path), device="cpu")
    images = rule_input(2, 1, 64, 128)
    plain = images[:, 0].numpy()
    assert np.array_equal(encoder.encode_inputs(images), encoder.encode_inputs(plain))
    assert np.array_equal(encoder.logits(images), encoder.logits(plain))
    with pytest.raises(EncodingError, match="64, 128"):
        encoder.encode_inputs(images[..., :64])
