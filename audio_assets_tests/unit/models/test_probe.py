"""Models are probed, not trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from audio_assets.errors import CheckpointError
from audio_assets.models.encoder import load_encoder
from audio_assets.models.probe import check_golden, golden_sound, probe, write_probe
from audio_assets.models.torch_encoder import TorchEncoder


def test_a_sound_checkpoint_passes_and_keeps_a_golden_vector(tiny_checkpoint: Path) -> None:
    encoder = load_encoder(tiny_checkpoint, device="cpu")
    result = write_probe(encoder, tiny_checkpoint)
    saved = json.loads((tiny_checkpoint / "probe.json").read_text())
    assert saved == result
    assert (saved["dim"], len(saved["golden"])) == (128, 128)
    assert check_golden(encoder, tiny_checkpoint) == pytest.approx(1.0, abs=1e-6)


def test_a_changed_weight_no_longer_gives_the_golden_vector(tiny_checkpoint: Path) -> None:
    encoder = load_encoder(tiny_checkpoint, device="cpu")
    write_probe(encoder, tiny_checkpoint)
    assert isinstance(encoder, TorchEncoder)
    change = 0.05 * (-1.0) ** np.arange(128).astype(np.float32)
    encoder.model.norm.weight.data.add_(torch.from_numpy(change))
    with pytest.raises(CheckpointError, match="golden vector"):
        check_golden(encoder, tiny_checkpoint)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda rows: np.full((rows, 128), np.nan), "NaN"),
        (lambda rows: np.full((rows, 128), 0.5), "constant"),
        (lambda rows: np.tile(np.arange(128.0), (rows, 1)), "same vector"),
        (lambda rows: np.zeros((rows, 3)), "shape"),
        (
            lambda rows: np.random.default_rng(rows).standard_normal((rows, 128)),
            "in a batch",
        ),
    ],
)
def test_wrong_vectors_are_refused_with_a_reason(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, answer: Any, message: str
) -> None:
    encoder = load_encoder(tiny_checkpoint, device="cpu")
    monkeypatch.setattr(
        TorchEncoder, "encode", lambda _self, sounds, _rate: answer(len(sounds)).astype("f4")
    )
    with pytest.raises(CheckpointError, match=message):
        probe(encoder)


def test_the_golden_sound_never_changes() -> None:
    sound = golden_sound(22050, 110250)
    assert np.array_equal(sound, golden_sound(22050, 110250))
    expected = [-0.002905032, 0.06379044, -0.45858812, -0.22082780, 0.47749618]
    np.testing.assert_allclose(sound[[0, 1, 1000, 55555, -1]], expected, atol=1e-6)
