"""The 224-pixel family: its switches in any combination, sizes, and its classifier."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from audio_assets.errors import CardError, CheckpointError
from audio_assets.models.checkpoint_file import read_encoder
from audio_assets.models.encoder import load_encoder
from audio_assets.models.proposal import propose_card
from audio_assets_tests.unit.models.family_states import audiomae_state, square_state
from audio_assets_tests.unit.models.parity import rule_input
from audio_assets_tests.unit.models.published_blocks import linear, norm, square_tokens


def saved(state: object, folder: Path, name: str = "c.pt") -> Path:
    torch.save(state, folder / name)
    return folder / name


@pytest.mark.parametrize(("macaron", "gated", "rope"), list(product([False, True], repeat=3)))
def test_every_switch_equals_the_blocks_written_out(
    tmp_path: Path, macaron: bool, gated: bool, rope: bool
) -> None:
    state = square_state(macaron=macaron, gated=gated, rope=rope)
    model, family = read_encoder(saved({"model_state_dict": state, "epoch": 3}, tmp_path))
    assert family.kind == ("audiomaepp" if macaron else "audiomae_baseline")
    image = rule_input(2, 3, 64, 64)
    with torch.inference_mode():
        difference = model.forward_features(image) - square_tokens(state, image, macaron, rope)
    assert difference.abs().max() < 1e-5


@pytest.mark.parametrize(("side", "patch"), [(16, 16), (14, 16), (7, 32), (8, 8)])
def test_the_size_comes_from_the_tables(tmp_path: Path, side: int, patch: int) -> None:
    path = saved(square_state(64, 1, side, patch), tmp_path)
    card = propose_card(path)
    assert card.transform.params == {"size": side * patch}
    assert load_encoder(path, device="cpu").dim == 64


def test_a_classifier_normalises_the_cls_token(tmp_path: Path) -> None:
    state = square_state(classes=4)
    encoder = load_encoder(saved(state, tmp_path), device="cpu")
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64)).astype(np.uint8)
    cls = encoder.forward_features(pictures)[:, 0]
    expected = linear(state, "head.1", norm(state, "head.0", cls, 1e-5))
    np.testing.assert_allclose(encoder.logits(pictures), expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(encoder.encode_inputs(pictures), cls.numpy(), atol=1e-6)


def _carded(folder: Path, state: dict[str, torch.Tensor], **changes: object) -> Path:
    folder.mkdir(exist_ok=True)
    card = propose_card(saved(state, folder)).model_dump(mode="json")
    card |= {"name": folder.name} | changes
    (folder / "model.yaml").write_text(yaml.safe_dump(card))
    return folder


def test_a_card_may_ask_for_a_classifier_and_name_its_labels(tmp_path: Path) -> None:
    labels = ["dog", "rain", "crow", "saw"]
    folder = _carded(tmp_path / "c", square_state(classes=4), kind="classifier", labels=labels)
    assert load_encoder(folder, device="cpu").card.labels == tuple(labels)
    _carded(folder, square_state(classes=4), kind="classifier", labels=labels[:3])
    with pytest.raises(CardError, match="number of labels 3"):
        load_encoder(folder, device="cpu")
    _carded(folder, square_state(), kind="classifier")
    with pytest.raises(CheckpointError, match="without a classification head"):
        load_encoder(folder, device="cpu")


@pytest.mark.parametrize(("pooling", "message"), [("scene", "square images"), ("fc_norm", "norm")])
def test_a_pooling_that_the_model_lacks_is_refused(
    tmp_path: Path, pooling: str, message: str
) -> None:
    folder = _carded(tmp_path / "c", square_state(), pooling=pooling)
    with pytest.raises(CardError, match=message):
        load_encoder(folder, device="cpu")


def test_a_picture_transform_for_a_spectrogram_model_is_refused(tmp_path: Path) -> None:
    state = audiomae_state(grid=(8, 8))
    folder = _carded(
        tmp_path / "c",
        state,
        transform={"name": "logmel_image", "params": {"size": 128}},
        sample_rate=22050,
        input_seconds=5.0,
    )
    with pytest.raises(CardError, match="three channels"):
        load_encoder(folder, device="cpu")
