"""bfloat16 on a CPU, packed and fused: the same vectors as the plain modules, for every form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from audio_assets.models.blocks.packed_linear import PackedLinear, fuses
from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.models.encoder import load_encoder
from audio_assets.models.encoder_config import EncoderConfig, audiomaepp_config, baseline_config
from audio_assets.models.packed_encoder import PackedEncoder
from audio_assets.models.spectrogram_encoder import SpectrogramEncoder
from audio_assets_tests.unit.models.parity import parity_folder, rule_input, rule_weights

SMALL: dict[str, Any] = {"width": 128, "depth": 3, "first_hidden": 256, "side": 64}
MACARON = audiomaepp_config(**SMALL, second_hidden=256)
FORMS = {
    "macaron": MACARON,
    "vit": baseline_config(**SMALL),
    "gated vit": replace(baseline_config(**SMALL), first_gated=True),
    "plain second net": replace(MACARON, second_gated=False),
    "paired rotary": replace(MACARON, rotary_form="pairs"),
    "stored frequencies": replace(MACARON, rotary_form="pairs", stored_frequencies=True),
    "official": replace(
        MACARON, gate_norm=True, gate_bias=True, qkv_bias=True, second_norm="attention",
        second_scale=1.0, activation="silu", norm_eps=1e-6,
    ),
}  # fmt: skip


def make(config: EncoderConfig) -> SpectrogramEncoder:
    torch.manual_seed(5)
    model = SpectrogramEncoder(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # norms and biases too, so that a dropped one shows
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def lowest_cosine(first: torch.Tensor, second: torch.Tensor) -> float:
    return float(torch.cosine_similarity(first, second, dim=-1).min())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fused", [True, False], ids=["fused", "plain"])
def test_every_form_of_block_agrees_with_its_modules(form: str, fused: bool) -> None:
    if fused and not fuses():
        pytest.skip("this CPU or build of torch has no fused bfloat16 products")
    model = make(FORMS[form])
    images = torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8)
    packed = PackedEncoder(model, fused=fused)
    with torch.inference_mode():
        expected, tokens = model.forward_features(images), packed.forward_features(images)
        first = packed.forward_features(images, first_only=True)
    assert tokens.shape == expected.shape
    assert lowest_cosine(expected, tokens) > 0.999
    assert first.shape == (3, 1, 128)
    assert lowest_cosine(tokens[:, :1], first) > 0.9999


def test_a_wrong_scale_would_show() -> None:
    model = make(MACARON)
    images = torch.randint(0, 255, (2, 64, 64), dtype=torch.uint8)
    with torch.inference_mode():
        expected = model.forward_features(images)
        for block in model.blocks:
            block.second_scale = 1.0
        tokens = PackedEncoder(model).forward_features(images)
    assert lowest_cosine(expected, tokens) < 0.999


@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_takes_what_follows_along(bias: bool) -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(64, 96, bias=bias)
    packed = PackedLinear(linear, 10, scale=0.5)
    rows, other = torch.randn(7, 64), torch.randn(7, 96)  # other rows than it was packed for
    with torch.inference_mode():
        plain = 0.5 * linear(rows)
        found = {
            "none": packed(rows.bfloat16()),
            "gelu": packed(rows.bfloat16(), "gelu"),
            "silu": packed(rows.bfloat16(), "silu"),
            "plus": packed.plus(rows.bfloat16(), other.bfloat16()),
            "times": packed.times(rows.bfloat16(), other.bfloat16()),
        }
    expected = {
        "none": plain, "gelu": torch.nn.functional.gelu(plain),
        "silu": torch.nn.functional.silu(plain), "plus": plain + other, "times": plain * other,
    }  # fmt: skip
    for name, result in found.items():
        torch.testing.assert_close(result.float(), expected[name], atol=0.03, rtol=0.03, msg=name)


def test_the_encoder_uses_it_and_pads_nothing_into_a_vector(tiny_checkpoint: Path) -> None:
    rough = load_encoder(tiny_checkpoint, device="cpu", precision="bf16")
    fine = load_encoder(tiny_checkpoint, device="cpu")
    images = np.random.default_rng(0).integers(0, 255, (9, 224, 224)).astype(np.uint8)
    vectors, expected = rough.encode_inputs(images), fine.encode_inputs(images)
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(expected, axis=1)
    assert ((vectors * expected).sum(axis=1) / norms).min() > 0.999
    tokens = rough.forward_features(images)
    assert tokens.shape[:2] == (9, 197)
    assert lowest_cosine(tokens[:, 0], torch.from_numpy(vectors)) > 0.9999


@pytest.mark.parametrize("name", ["small", "small_baseline"])
def test_vectors_agree_with_the_published_code(
    name: str, tmp_path: Path, test_data: Path | None
) -> None:
    folder = parity_folder(test_data)
    path = tmp_path / f"{name}.pt"
    torch.save(rule_weights(folder / "seed_audiomaepp" / f"{name}_config.json"), path)
    expected = np.load(folder / "references.npz")[f"seed_audiomaepp/{name}/cls"]
    images = rule_input(len(expected), 3, 224, 224)
    with torch.inference_mode():
        first = PackedEncoder(read_encoder(path)[0]).forward_features(images, first_only=True)
    assert lowest_cosine(first[:, 0], torch.from_numpy(expected)) > 0.999
