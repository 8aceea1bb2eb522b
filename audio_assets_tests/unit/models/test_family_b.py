"""Official AudioMAE++: parity, rotary variant, chunks, scene embedding, trainers' pickles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from audio_assets.errors import CheckpointError
from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.models.encoder import load_encoder
from audio_assets.models.pooling import frame_features, kept_frames
from audio_assets.models.proposal import official_logmel, propose_card
from audio_assets_tests.unit.models.family_references import assert_parity, family_state
from audio_assets_tests.unit.models.family_states import audiomae_state, official_state
from audio_assets_tests.unit.models.parity import parity_folder, rule_input
from audio_assets_tests.unit.models.published_blocks import official_tokens

KINDS = {
    "small": "audiomaepp_official",
    "small_plain_mae": "audiomaepp_official_baseline",
    "base": "audiomaepp_official",
}


def saved(state: object, folder: Path, name: str = "b.pth") -> Path:
    torch.save(state, folder / name)
    return folder / name


@pytest.mark.parametrize(
    "name", ["small", "small_plain_mae", pytest.param("base", marks=pytest.mark.slow)]
)
def test_the_latent_equals_the_published_code(
    name: str, tmp_path: Path, test_data: Path | None
) -> None:
    folder = parity_folder(test_data)
    references = np.load(folder / "references.npz")
    config = folder / "audiomaepp" / f"{name}_config.json"
    state = family_state(config, "encoder.pos_embed", (50, 5))
    model, family = read_encoder(saved(state, tmp_path))
    assert (family.kind, model.config.image_size) == (KINDS[name], (200, 80))
    prefix = f"audiomaepp/{name}"
    with torch.inference_mode():
        tokens = model.forward_features(rule_input(len(references[f"{prefix}/cls"]), 1, 200, 80))
    assert_parity(tokens, references, prefix)


def test_the_published_file_loads_with_its_pickled_settings(test_data: Path | None) -> None:
    folder = parity_folder(test_data)
    encoder = load_encoder(folder / "audiomaepp" / "small_checkpoint-99.pth", device="cpu")
    tokens = encoder.forward_features(rule_input(2, 1, 200, 80))
    assert_parity(tokens, np.load(folder / "references.npz"), "audiomaepp/small")
    assert (encoder.sample_rate, encoder.card.input_seconds) == (16000, 2.0)
    assert (encoder.card.pooling, encoder.dim) == ("scene", 5 * 192)


@pytest.mark.parametrize("rope", [False, True])
@pytest.mark.parametrize("gated", [False, True])
def test_every_switch_equals_the_blocks_written_out(
    tmp_path: Path, rope: bool, gated: bool
) -> None:
    state = official_state(rope=rope, gated=gated)
    model, _ = read_encoder(saved({"model": state}, tmp_path))
    assert (model.config.rotary, model.config.second_gated) == (rope, gated)
    image = rule_input(2, 1, 40, 80)
    with torch.inference_mode():
        found, expected = model.forward_features(image), official_tokens(state, image)
    assert (found - expected).abs().max() < 1e-5
    if rope:
        del state["encoder.blocks.0.rope.freqs"], state["encoder.blocks.1.rope.freqs"]
        assert (official_tokens(state, image) - expected).abs().max() > 1e-3


def test_rotary_frequencies_are_those_of_the_file(tmp_path: Path) -> None:
    state = official_state(rope=True)
    state["encoder.blocks.1.rope.freqs"] = state["encoder.blocks.1.rope.freqs"] * 0.5
    model, _ = read_encoder(saved(state, tmp_path))
    image = rule_input(1, 1, 40, 80)
    with torch.inference_mode():
        difference = model.forward_features(image) - official_tokens(state, image)
    assert difference.abs().max() < 1e-5


@pytest.mark.parametrize(
    ("width", "grid", "patch", "heads"),
    [(192, (50, 5), (4, 16), 3), (64, (25, 5), (8, 16), 1), (1280, (2, 10), (4, 8), 16)],
)
def test_other_geometries_are_recognised(
    tmp_path: Path, width: int, grid: tuple[int, int], patch: tuple[int, int], heads: int
) -> None:
    state = official_state(width=width, depth=1, grid=grid, patch=patch)
    model, _ = read_encoder(saved(state, tmp_path))
    assert model.config.image_size == (grid[0] * patch[0], grid[1] * patch[1])
    assert model.config.heads == heads


def test_missing_and_unknown_keys_are_named_as_published(tmp_path: Path) -> None:
    state = official_state()
    del state["encoder.blocks.1.ffn2.ln.weight"]
    with pytest.raises(CheckpointError, match=r"'encoder\.blocks\.1\.ffn2\.ln\.weight'"):
        read_encoder(saved(state, tmp_path))
    state = official_state() | {"encoder.blocks.0.norm4.weight": torch.ones(128)}
    with pytest.raises(CheckpointError, match=r"norm4\.weight"):
        read_encoder(saved(state, tmp_path))


def test_the_scene_is_five_means_over_consecutive_blocks_of_tokens() -> None:
    tokens = torch.randn(2, 1 + 50 * 5, 8)
    published = frame_features(tokens, (50, 5), "published").mean(dim=1)
    blocks = tokens[:, 1:].reshape(2, 5, 50, 8).mean(dim=2).flatten(1)
    assert torch.allclose(published, blocks, atol=1e-6)
    true = frame_features(tokens, (50, 5), "true")
    assert torch.equal(true[:, 7, 3 * 8 : 4 * 8], tokens[:, 1 + 7 * 5 + 3])


@pytest.mark.parametrize(("frames", "kept"), [(201, 51), (501, 126), (51, 13), (200, 50)])
def test_the_padding_is_cut_as_published(tmp_path: Path, frames: int, kept: int) -> None:
    model, _ = read_encoder(saved(official_state(64, 1, (50, 5)), tmp_path))
    assert kept_frames(-(-frames // 200), model.config, frames) == kept


def test_long_inputs_are_chunked_and_averaged_without_the_padding(tmp_path: Path) -> None:
    (tmp_path / "long").mkdir()
    path = saved(official_state(64, 1, (50, 5)), tmp_path / "long")
    content = propose_card(path).model_dump(mode="json") | {"name": "long", "input_seconds": 5.0}
    content["transform"]["params"] = official_logmel(5.0, 600)
    (path.parent / "model.yaml").write_text(yaml.safe_dump(content))
    encoder = load_encoder(path.parent, device="cpu")
    sound = np.random.default_rng(3).standard_normal((2, 80000)).astype(np.float32)
    inputs = encoder.transform(sound)
    assert inputs.shape == (2, 600, 80)
    assert not inputs[:, 501:].any()
    chunks = torch.from_numpy(inputs).reshape(6, 200, 80)
    frames = frame_features(encoder.forward_features(chunks), (50, 5), "published")
    expected = frames.reshape(2, 150, 320)[:, :126].mean(dim=1)
    np.testing.assert_allclose(encoder.encode(sound, 16000), expected.numpy(), atol=1e-5)
    with pytest.raises(CheckpointError, match="no classification head"):
        encoder.logits(inputs)


def test_families_are_not_confused(tmp_path: Path) -> None:
    for kind, state in (("audiomae", audiomae_state()), ("audiomaepp_official", official_state())):
        assert read_encoder(saved(state, tmp_path))[1].kind == kind
