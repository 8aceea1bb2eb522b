"""Bare weights of every family get the front end and pooling of their publishers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from audio_assets.errors import CheckpointError
from audio_assets.models.encoder import load_encoder, model_registry
from audio_assets.models.proposal import propose_card
from audio_assets_tests.unit.models.family_states import (
    State,
    audiomae_state,
    official_state,
    square_state,
)

CASES = {
    "audiomae": (audiomae_state(), "kaldi_fbank", 16000, 0.64, "mean", 128),
    "fine-tuned": (audiomae_state(finetuned=True), "kaldi_fbank", 16000, 0.64, "fc_norm", 128),
    "official": (official_state(), "logmel", 16000, 0.4, "scene", 640),
    "square": (square_state(), "logmel_image", 22050, 5.0, "cls", 128),
    "baseline": (square_state(macaron=False), "logmel_image", 22050, 5.0, "cls", 128),
}


@pytest.mark.parametrize("name", CASES)
def test_the_proposed_card_runs(tmp_path: Path, name: str) -> None:
    state, transform, rate, seconds, pooling, dim = CASES[name]
    path = tmp_path / "weights.pth"
    torch.save({"model": state}, path)
    card = propose_card(path)
    assert (card.transform.name, card.sample_rate, card.input_seconds) == (transform, rate, seconds)
    assert (card.pooling, card.dim, card.licence) == (pooling, dim, "unknown")
    assert card.kind in model_registry.names()
    encoder = load_encoder(path, device="cpu")
    sound = torch.randn(2, round(rate * seconds), generator=torch.Generator().manual_seed(0))
    vectors = encoder.encode(sound.numpy(), rate)
    assert vectors.shape == (2, dim)
    assert abs(vectors[0] - vectors[1]).max() > 1e-4


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (audiomae_state() | {"patch_embed.proj.weight": torch.zeros(128, 3, 16, 16)}, "3 channels"),
        (square_state() | {"patch_embed.proj.weight": torch.zeros(128, 1, 16, 16)}, "1 channels"),
        ({"fc.weight": torch.zeros(3, 3)}, "unknown architecture"),
    ],
)
def test_what_cannot_be_fed_is_refused(tmp_path: Path, state: State, message: str) -> None:
    torch.save(state, tmp_path / "odd.pt")
    with pytest.raises(CheckpointError, match=message):
        propose_card(tmp_path / "odd.pt")
